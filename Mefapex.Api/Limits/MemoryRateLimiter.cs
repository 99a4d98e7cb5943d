using System.Collections.Concurrent;

namespace Mefapex.Api.Limits;

/// <summary>
/// Buckets in this process. Each is one number, the moment at which it will be full: taking a token puts that off by the time
/// a token takes to come, and a bucket is empty when it would be further away than a whole bucket takes.
/// </summary>
internal sealed class MemoryRateLimiter(TimeProvider time) : IRateLimiter
{
    /// <summary>Buckets that are not full; beyond that those nearest to full are forgotten.</summary>
    private const int MostBuckets = 200_000;
    private const int FirstSweep = 10_000;

    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private readonly long _origin = time.GetTimestamp();
    private readonly Lock _sweeping = new();
    private int _sweepAt = FirstSweep;

    public ValueTask<RateDecision> TakeAsync(RateBucket[] buckets, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Take(buckets));

    /// <summary>Time in microseconds until a bucket is full; zero where it stands as Redis last said in this epoch.</summary>
    public long UnknownTo(int epoch, string key) =>
        _buckets.TryGetValue(key, out var bucket) && bucket.Epoch != epoch ? Math.Max(0, bucket.FullAt - Now()) : 0;

    /// <summary>Notes what Redis knows, so that counting goes on from there when it is away.</summary>
    /// <param name="fullIn">Microseconds until the bucket is full, counted from <paramref name="asked"/>.</param>
    /// <param name="asked">When Redis was asked, by <see cref="Now"/>.</param>
    public void Follow(int epoch, string key, long fullIn, long asked)
    {
        var bucket = Find(key);
        bucket.Raise(asked + fullIn);
        bucket.Epoch = epoch;
    }

    /// <summary>Buckets that are kept at the moment.</summary>
    public int Count => _buckets.Count;

    /// <summary>Microseconds since this limiter was made.</summary>
    public long Now() => (long)time.GetElapsedTime(_origin).TotalMicroseconds;

    private RateDecision Take(ReadOnlySpan<RateBucket> buckets)
    {
        var now = Now();
        Span<long> fullIn = stackalloc long[buckets.Length];
        var taken = 0;
        while (taken < buckets.Length && Find(buckets[taken].Key).TryTake(now, buckets[taken].Rate, out fullIn[taken]))
            taken++;
        var allowed = taken == buckets.Length;
        if (!allowed)
        {
            for (var i = 0; i < buckets.Length; i++)
            {
                var bucket = Find(buckets[i].Key);
                fullIn[i] = Math.Max(0, (i < taken ? bucket.Return(buckets[i].Rate) : bucket.FullAt) - now);
            }
        }

        return RateDecision.Of(allowed, buckets, fullIn);
    }

    private Bucket Find(string key)
    {
        if (_buckets.TryGetValue(key, out var bucket))
            return bucket;
        if (_buckets.Count >= Volatile.Read(ref _sweepAt))
            Sweep();
        return _buckets.GetOrAdd(key, static _ => new Bucket());
    }

    private void Sweep()
    {
        if (!_sweeping.TryEnter())
            return;
        try
        {
            var now = Now();
            foreach (var entry in _buckets.Where(entry => entry.Value.FullAt <= now))
                _buckets.TryRemove(entry);
            var surplus = _buckets.Count - (MostBuckets / 2);
            if (_buckets.Count >= MostBuckets)
            {
                foreach (var entry in _buckets.OrderBy(entry => entry.Value.FullAt).Take(surplus))
                    _buckets.TryRemove(entry);
            }

            Volatile.Write(ref _sweepAt, Math.Clamp(_buckets.Count * 2, FirstSweep, MostBuckets));
        }
        finally
        {
            _sweeping.Exit();
        }
    }

    private sealed class Bucket
    {
        private long _fullAt;
        private volatile int _epoch;

        public long FullAt => Interlocked.Read(ref _fullAt);

        /// <summary>The epoch of the connection in which Redis last told its state; -1 after tokens were taken without it.</summary>
        public int Epoch
        {
            get => _epoch;
            set => _epoch = value;
        }

        public bool TryTake(long now, Rate rate, out long fullIn)
        {
            while (true)
            {
                var seen = FullAt;
                var next = Math.Max(now, seen) + rate.Interval;
                fullIn = next - now;
                if (fullIn > rate.Capacity)
                    return false;
                if (Interlocked.CompareExchange(ref _fullAt, next, seen) != seen)
                    continue;
                _epoch = -1;
                return true;
            }
        }

        public long Return(Rate rate) => Interlocked.Add(ref _fullAt, -rate.Interval);

        public void Raise(long fullAt)
        {
            long seen;
            do
            {
                seen = FullAt;
            }
            while (seen < fullAt && Interlocked.CompareExchange(ref _fullAt, fullAt, seen) != seen);
        }
    }
}
