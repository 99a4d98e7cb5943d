using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>
/// Compares a question with every vector of the tenant, in process. Vectors lie in segments that never change: a change
/// makes a new list of them and puts it in place, so that no search waits. See <see cref="VectorSegment"/> for how the
/// result is exact although most vectors are only looked at in eight bits.
/// </summary>
internal sealed class ExactVectorIndex : IVectorIndex, IDisposable
{
    public const string MeterName = "Mefapex.Knowledge";

    /// <summary>So many segments of a source are joined to one; each has a fixed cost in every search.</summary>
    private const int MostSegments = 6;

    private readonly ConcurrentDictionary<Guid, Held> _held = new();
    private readonly Lock _writing = new();
    private readonly Meter? _own;

    /// <summary>With metrics on a meter of the factory, or on one of its own.</summary>
    public ExactVectorIndex(IMeterFactory? factory = null)
    {
        var meter = factory?.Create(MeterName) ?? (_own = new Meter(MeterName));
        meter.CreateObservableUpDownCounter(
            "mefapex.vector_index.memory",
            () => _held.Select(h => new Measurement<long>(h.Value.Bytes, new KeyValuePair<string, object?>("mefapex.tenant", h.Key))),
            "By",
            "Memory of each tenant's vectors.");
        meter.CreateObservableUpDownCounter(
            "mefapex.vector_index.vectors",
            () => _held.Select(h => new Measurement<long>(h.Value.Alive, new KeyValuePair<string, object?>("mefapex.tenant", h.Key))),
            "{vector}",
            "Vectors of each tenant that can be found.");
    }

    public IndexedModel? ModelOf(Guid tenantId) => _held.GetValueOrDefault(tenantId)?.Model;

    public Task ReplaceAsync(
        Guid tenantId,
        IndexedModel model,
        IReadOnlyList<IndexedVector> vectors,
        CancellationToken cancellationToken)
    {
        lock (_writing)
            _held[tenantId] = new Held(model, DimensionsOf(vectors, 0), []).With(vectors);
        return Task.CompletedTask;
    }

    public Task ApplyAsync(Guid tenantId, VectorChange change, CancellationToken cancellationToken)
    {
        lock (_writing)
        {
            if (!_held.TryGetValue(tenantId, out var held) || held.Model.Hash != change.Model.Hash)
                throw new InvalidOperationException($"The index of tenant {tenantId} holds no vectors of model {change.Model.Hash}.");
            var left = held.Without(change.Removed.ToHashSet());
            _held[tenantId] = new Held(change.Model, DimensionsOf(change.Added, held.Dimensions), left).With(change.Added);
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<VectorHit>> SearchAsync(Guid tenantId, VectorQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Count, 1, nameof(query));
        if (!_held.TryGetValue(tenantId, out var held) || held.Model.Hash != query.ModelHash || held.Dimensions == 0)
            return Task.FromResult<IReadOnlyList<VectorHit>>([]);
        if (query.Values.Length != held.Dimensions)
            throw new ArgumentException($"The question has {query.Values.Length} values, the index {held.Dimensions}.", nameof(query));
        var segments = held.Segments.Where(s => s.Source == query.Source).ToList();
        return Task.FromResult<IReadOnlyList<VectorHit>>(new VectorScan(query).Nearest(segments));
    }

    public void Dispose() => _own?.Dispose();

    private static int DimensionsOf(IReadOnlyList<IndexedVector> vectors, int known)
    {
        foreach (var vector in vectors)
        {
            if (known == 0)
                known = vector.Values.Length;
            if (vector.Values.Length != known)
                throw new ArgumentException($"Vectors of {known} and of {vector.Values.Length} values cannot be compared.", nameof(vectors));
        }

        return known;
    }

    /// <summary>A tenant's index at one moment.</summary>
    private sealed record Held(IndexedModel Model, int Dimensions, IReadOnlyList<VectorSegment> Segments)
    {
        public long Bytes => Segments.Sum(s => s.Bytes);

        public long Alive => Segments.Sum(s => (long)s.Alive);

        public List<VectorSegment> Without(HashSet<VectorOwner> owners) =>
            [.. Segments.Select(s => s.Without(owners)).Where(s => s.Alive > 0)];

        public Held With(IReadOnlyList<IndexedVector> vectors)
        {
            var segments = new List<VectorSegment>();
            foreach (var source in Enum.GetValues<VectorSource>())
            {
                List<VectorSegment> own = [.. Segments.Where(s => s.Source == source)];
                var added = vectors.Where(v => v.Key.Owner.Source == source).ToList();
                if (added.Count > 0)
                    own.Add(VectorSegment.Of(source, Dimensions, added));
                segments.AddRange(Tidy(source, own));
            }

            return this with { Segments = segments };
        }

        /// <summary>Joins the newest segments while they are many or as large as the one before, so that a vector moves only a
        /// few times however many changes come.</summary>
        private IEnumerable<VectorSegment> Tidy(VectorSource source, List<VectorSegment> segments)
        {
            while (segments.Count > 1 && (segments.Count > MostSegments || segments[^1].Rows * 2 > segments[^2].Rows))
            {
                var joined = VectorSegment.Of(source, Dimensions, [.. segments[^2].Vectors(), .. segments[^1].Vectors()]);
                segments.RemoveRange(segments.Count - 2, 2);
                segments.Add(joined);
            }

            return segments.Select(s => s.IsSparse ? VectorSegment.Of(source, Dimensions, [.. s.Vectors()]) : s);
        }
    }
}
