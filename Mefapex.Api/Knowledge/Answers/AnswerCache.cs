using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>What must be equal for one question's answer to serve another.</summary>
/// <param name="Reader">See <see cref="Knowledge.Reader.Key"/>.</param>
/// <param name="Today">Entries hold from one day to another.</param>
/// <param name="Models">Encoder and generator that take part.</param>
/// <param name="Question">In lower case with its diacritics, for there are words that differ in nothing else.</param>
/// <param name="FollowUp">The question with what it may lean on; null where it stands alone.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AnswerKey(
    Guid TenantId,
    long KnowledgeVersion,
    string Reader,
    string Language,
    DateOnly Today,
    string Models,
    string Question,
    string? FollowUp);

/// <summary>
/// Answers that were given, in memory, bounded by number and size; those of older knowledge go as soon as newer is asked
/// about. Equal questions that come at once are worked out once, and what this process does not know may be known to others.
/// </summary>
internal sealed class AnswerCache(IOptions<AnswerCacheOptions> options, AnswerMetrics metrics, SharedAnswers shared)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AnswerKey, LinkedListNode<Kept>> _kept = [];
    private readonly LinkedList<Kept> _byUse = new();
    private readonly Dictionary<AnswerKey, Flight> _flights = [];
    private readonly Dictionary<Guid, long> _versions = [];
    private readonly Dictionary<Guid, Tally> _tallies = [];
    private long _bytes;
    private int _clearings;

    /// <summary>How many answers are kept, and about how many bytes they take.</summary>
    public (int Answers, long Bytes) Size
    {
        get
        {
            lock (_lock)
                return (_kept.Count, _bytes);
        }
    }

    /// <summary>What the cache did and holds, for one tenant or for all.</summary>
    public AnswerCacheFigures Figures(Guid? tenantId)
    {
        lock (_lock)
        {
            var tallies = _tallies.Where(t => tenantId is null || t.Key == tenantId).Select(t => t.Value).ToList();
            var kept = _byUse.Where(k => tenantId is null || k.Key.TenantId == tenantId).ToList();
            return new(
                tallies.Sum(t => t.Hits), tallies.Sum(t => t.Misses), tallies.Sum(t => t.Shared), kept.Count, kept.Sum(k => k.Bytes));
        }
    }

    /// <summary>Drops the answers of a tenant, or of all; what is being worked out now is not kept either.</summary>
    /// <returns>How many there were.</returns>
    public int Clear(Guid? tenantId)
    {
        lock (_lock)
        {
            _clearings++;
            return Drop(tenantId);
        }
    }

    /// <summary>The answer kept under the key, else the one that <paramref name="answer"/> works out.</summary>
    /// <param name="answer">Its token is cancelled when everyone who waits for it has gone.</param>
    /// <param name="isKept">Whether an answer may serve later questions.</param>
    public async Task<AnswerResult> GetAsync(
        AnswerKey key,
        Func<CancellationToken, Task<AnswerResult>> answer,
        Func<AnswerResult, bool> isKept,
        CancellationToken cancellationToken)
    {
        Flight flight;
        bool isShared;
        lock (_lock)
        {
            Forget(key.TenantId, key.KnowledgeVersion);
            var tally = _tallies.GetValueOrDefault(key.TenantId) ?? (_tallies[key.TenantId] = new Tally());
            if (_kept.TryGetValue(key, out var node))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                tally.Hits++;
                metrics.CacheHit();
                return node.Value.Answer with { Cached = true };
            }

            isShared = _flights.TryGetValue(key, out var under);
            flight = under ?? (_flights[key] = new Flight(_clearings));
            flight.Waiting++;
            if (isShared)
                tally.Shared++;
            else
                tally.Misses++;
        }

        if (isShared)
            metrics.CacheShared();
        else
            metrics.CacheMiss();
        try
        {
            // Begun outside the lock and by the first one only.
            if (!isShared)
                _ = FlyAsync(key, flight, answer, isKept);
            return await flight.Answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(key, flight);
        }
    }

    private async Task FlyAsync(
        AnswerKey key,
        Flight flight,
        Func<CancellationToken, Task<AnswerResult>> answer,
        Func<AnswerResult, bool> isKept)
    {
        try
        {
            if (await shared.GetAsync(key, flight.Gone.Token) is { } known)
            {
                Land(key, flight, known);
                flight.Answer.SetResult(known with { Cached = true });
                return;
            }

            var result = await answer(flight.Gone.Token);
            var isLanded = Land(key, flight, isKept(result) ? result : null);
            flight.Answer.SetResult(result);
            if (isLanded)
                await shared.SetAsync(key, result, CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            Land(key, flight, result: null);
            flight.Answer.TrySetCanceled(flight.Gone.Token);
        }
        catch (Exception e)
        {
            Land(key, flight, result: null);
            flight.Answer.TrySetException(e);
        }
        finally
        {
            flight.Gone.Dispose();
        }
    }

    /// <returns>Whether the answer may serve others.</returns>
    private bool Land(AnswerKey key, Flight flight, AnswerResult? result)
    {
        lock (_lock)
        {
            flight.IsLanded = true;
            if (_flights.GetValueOrDefault(key) == flight)
                _flights.Remove(key);
            if (result is null || flight.Clearings != _clearings || _versions.GetValueOrDefault(key.TenantId) != key.KnowledgeVersion)
                return false;
            Keep(new Kept(key, result, BytesOf(key, result)));
            return true;
        }
    }

    private void Leave(AnswerKey key, Flight flight)
    {
        lock (_lock)
        {
            if (--flight.Waiting > 0 || flight.IsLanded)
                return;
            // Whoever asks now must not join work that is being given up.
            if (_flights.GetValueOrDefault(key) == flight)
                _flights.Remove(key);
            flight.Gone.Cancel();
        }
    }

    private void Keep(Kept kept)
    {
        if (kept.Bytes > options.Value.MaxBytes || options.Value.MaxAnswers == 0)
            return;
        if (_kept.TryGetValue(kept.Key, out var before))
            Remove(before);
        _kept[kept.Key] = _byUse.AddFirst(kept);
        _bytes += kept.Bytes;
        while (_kept.Count > options.Value.MaxAnswers || _bytes > options.Value.MaxBytes)
            Remove(_byUse.Last!);
    }

    /// <summary>Drops the tenant's answers of versions before this one.</summary>
    private void Forget(Guid tenantId, long version)
    {
        var known = _versions.GetValueOrDefault(tenantId);
        if (known >= version)
            return;
        _versions[tenantId] = version;
        Drop(tenantId);
    }

    private int Drop(Guid? tenantId)
    {
        var before = _kept.Count;
        for (var node = _byUse.First; node is not null;)
        {
            var next = node.Next;
            if (tenantId is null || node.Value.Key.TenantId == tenantId)
                Remove(node);
            node = next;
        }

        return before - _kept.Count;
    }

    private void Remove(LinkedListNode<Kept> node)
    {
        _byUse.Remove(node);
        _kept.Remove(node.Value.Key);
        _bytes -= node.Value.Bytes;
    }

    /// <summary>An estimate: texts in UTF-16 and the figures of each candidate.</summary>
    private static long BytesOf(AnswerKey key, AnswerResult result) =>
        1024
        + (2L * (key.Question.Length + (key.FollowUp?.Length ?? 0) + result.Response.Length))
        + result.Citations.Sum(c => 200 + (2L * c.Quote.Length))
        + (256L * (result.Sources.Count + result.Why.Candidates.Count + result.Why.Passages.Count));

    private sealed record Kept(AnswerKey Key, AnswerResult Answer, long Bytes);

    private sealed class Tally
    {
        public long Hits { get; set; }

        public long Misses { get; set; }

        public long Shared { get; set; }
    }

    /// <param name="clearings">How often the cache had been cleared when it set out.</param>
    private sealed class Flight(int clearings)
    {
        public int Clearings => clearings;

        public TaskCompletionSource<AnswerResult> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenSource Gone { get; } = new();

        public int Waiting { get; set; }

        public bool IsLanded { get; set; }
    }
}

/// <param name="Shared">Questions that waited for the answer to an equal one.</param>
/// <param name="Bytes">About how many the answers take.</param>
internal sealed record AnswerCacheFigures(long Hits, long Misses, long Shared, int Answers, long Bytes)
{
    /// <summary>Hits among all questions, 0 to 1.</summary>
    public double HitRate => Hits == 0 ? 0 : Math.Round((double)Hits / (Hits + Misses + Shared), 4);
}
