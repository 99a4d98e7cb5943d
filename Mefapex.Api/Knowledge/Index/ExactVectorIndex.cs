using System.Collections.Concurrent;
using System.Numerics.Tensors;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>Compares a question with every vector of the tenant: exact, in process, one contiguous matrix per tenant.</summary>
internal sealed class ExactVectorIndex : IVectorIndex
{
    private readonly ConcurrentDictionary<Guid, Matrix> _matrices = new();

    public IndexedModel? ModelOf(Guid tenantId) => _matrices.GetValueOrDefault(tenantId)?.Model;

    public Task ReplaceAsync(
        Guid tenantId,
        IndexedModel model,
        IReadOnlyList<IndexedVector> vectors,
        CancellationToken cancellationToken)
    {
        _matrices[tenantId] = Matrix.Of(model, vectors);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<VectorHit>> SearchAsync(
        Guid tenantId,
        Reader reader,
        string modelHash,
        ReadOnlyMemory<float> query,
        int count,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        IReadOnlyList<VectorHit> hits =
            _matrices.TryGetValue(tenantId, out var matrix) && matrix.Model.Hash == modelHash && matrix.Rows.Length > 0
                ? matrix.Nearest(reader, query.Span, count)
                : [];
        return Task.FromResult(hits);
    }

    private sealed record Matrix(IndexedModel Model, (string EntryId, string Kind, string[] Audience)[] Rows, float[] Values, int Dimensions)
    {
        public static Matrix Of(IndexedModel model, IReadOnlyList<IndexedVector> vectors)
        {
            var dimensions = vectors.Count == 0 ? 0 : vectors[0].Values.Length;
            var values = new float[vectors.Count * dimensions];
            for (var row = 0; row < vectors.Count; row++)
            {
                if (vectors[row].Values.Length != dimensions)
                {
                    throw new ArgumentException(
                        $"Vectors of {dimensions} and of {vectors[row].Values.Length} values cannot be compared.", nameof(vectors));
                }

                vectors[row].Values.CopyTo(values, row * dimensions);
            }

            return new Matrix(model, [.. vectors.Select(v => (v.EntryId, v.Kind, v.Audience))], values, dimensions);
        }

        public List<VectorHit> Nearest(Reader reader, ReadOnlySpan<float> query, int count)
        {
            if (query.Length != Dimensions)
                throw new ArgumentException($"The question has {query.Length} values, the index {Dimensions}.", nameof(query));

            var best = new PriorityQueue<int, (float Cosine, int Row)>(count + 1, WorstFirst.Instance);
            for (var row = 0; row < Rows.Length; row++)
            {
                if (!reader.MayRead(Rows[row].Audience))
                    continue;
                var cosine = TensorPrimitives.Dot(query, Values.AsSpan(row * Dimensions, Dimensions));
                if (best.Count < count)
                    best.Enqueue(row, (cosine, row));
                else
                    best.EnqueueDequeue(row, (cosine, row));
            }

            var hits = new List<VectorHit>(best.Count);
            while (best.TryDequeue(out var row, out var rank))
                hits.Add(new VectorHit(Rows[row].EntryId, Rows[row].Kind, rank.Cosine));
            hits.Reverse();
            return hits;
        }
    }

    /// <summary>Equal cosines keep the order of the rows, so that the same question finds the same texts.</summary>
    private sealed class WorstFirst : IComparer<(float Cosine, int Row)>
    {
        public static readonly WorstFirst Instance = new();

        public int Compare((float Cosine, int Row) x, (float Cosine, int Row) y) =>
            x.Cosine.CompareTo(y.Cosine) is not 0 and var order ? order : y.Row.CompareTo(x.Row);
    }
}
