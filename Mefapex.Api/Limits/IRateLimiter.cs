namespace Mefapex.Api.Limits;

/// <summary>Token buckets, of this process or of all replicas.</summary>
internal interface IRateLimiter
{
    /// <summary>Takes a token from each bucket, or from none where one of them is empty.</summary>
    /// <param name="buckets">At least one; their keys differ.</param>
    ValueTask<RateDecision> TakeAsync(RateBucket[] buckets, CancellationToken cancellationToken);
}

/// <summary>A bucket and how it fills. It is told from others by <paramref name="Key"/> alone.</summary>
internal readonly record struct RateBucket(string Key, Rate Rate);

/// <summary>What a limiter decided, and the state of the bucket that decided it: the emptiest, or the one to wait for longest.</summary>
/// <param name="Bucket">Its place in the list that was asked about.</param>
/// <param name="Remaining">Whole tokens left in it.</param>
/// <param name="FullIn">Time until it is full when nothing more is taken.</param>
/// <param name="RetryAfter">Time until it has a token; zero where the request may pass.</param>
internal readonly record struct RateDecision(bool Allowed, int Bucket, int Remaining, TimeSpan FullIn, TimeSpan RetryAfter)
{
    /// <param name="fullIn">For each bucket the time until it is full, in microseconds, tokens just taken included.</param>
    public static RateDecision Of(bool allowed, ReadOnlySpan<RateBucket> buckets, ReadOnlySpan<long> fullIn)
    {
        var (worst, share, longest) = (0, double.MaxValue, long.MinValue);
        for (var i = 0; i < buckets.Length; i++)
        {
            var rate = buckets[i].Rate;
            var left = (rate.Capacity - fullIn[i]) / (double)rate.Capacity;
            var wait = fullIn[i] + rate.Interval - rate.Capacity;
            if (allowed ? left >= share : wait <= longest)
                continue;
            (worst, share, longest) = (i, left, wait);
        }

        var found = buckets[worst].Rate;
        return new(
            allowed,
            worst,
            (int)Math.Max(0, (found.Capacity - fullIn[worst]) / found.Interval),
            TimeSpan.FromMicroseconds(fullIn[worst]),
            allowed ? TimeSpan.Zero : TimeSpan.FromMicroseconds(Math.Max(1, longest)));
    }
}
