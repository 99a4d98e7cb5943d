using Mefapex.Api.Shared;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Mefapex.Api.Limits;

/// <summary>
/// Buckets that all replicas share. While Redis is away each replica counts in its memory, from where Redis last stood; and
/// Redis takes over what was counted when it is back, also where it has lost its own state.
/// </summary>
internal sealed class RedisRateLimiter(RedisConnection redis, MemoryRateLimiter memory, IOptions<RedisOptions> options) : IRateLimiter
{
    /// <summary>Arguments of each bucket: interval, capacity, and how long it must be from full at least, in microseconds.</summary>
    private const string Script =
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local full, allowed = {}, 1
        for i, key in ipairs(KEYS) do
            local interval, capacity, least = tonumber(ARGV[i * 3 - 2]), tonumber(ARGV[i * 3 - 1]), tonumber(ARGV[i * 3])
            full[i] = math.min(math.max(now + least, tonumber(redis.call('GET', key) or 0)), now + capacity)
            if full[i] + interval - now > capacity then allowed = 0 end
        end
        local reply = { allowed }
        for i, key in ipairs(KEYS) do
            if allowed == 1 then full[i] = full[i] + tonumber(ARGV[i * 3 - 2]) end
            if full[i] > now then
                redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000))
            end
            reply[i + 1] = full[i] - now
        end
        return reply
        """;

    /// <summary>One slot, so that a cluster can work on several buckets at once.</summary>
    private readonly string _prefix = options.Value.Prefix + "{limits}:";

    public async ValueTask<RateDecision> TakeAsync(RateBucket[] buckets, CancellationToken cancellationToken)
    {
        if (!redis.IsUp)
            return await memory.TakeAsync(buckets, cancellationToken);
        var keys = new RedisKey[buckets.Length];
        var arguments = new RedisValue[buckets.Length * 3];
        var epoch = redis.Epoch;
        for (var i = 0; i < buckets.Length; i++)
        {
            keys[i] = _prefix + buckets[i].Key;
            arguments[i * 3] = buckets[i].Rate.Interval;
            arguments[(i * 3) + 1] = buckets[i].Rate.Capacity;
            arguments[(i * 3) + 2] = memory.UnknownTo(epoch, buckets[i].Key);
        }

        var asked = memory.Now();
        try
        {
            var reply = (long[])(await redis.AskAsync(database => RedisScripts.EvaluateAsync(database, Script, keys, arguments), cancellationToken))!;
            for (var i = 0; i < buckets.Length; i++)
                memory.Follow(epoch, buckets[i].Key, reply[i + 1], asked);
            return RateDecision.Of(reply[0] == 1, buckets, reply.AsSpan(1));
        }
        catch (RedisAwayException)
        {
            return await memory.TakeAsync(buckets, cancellationToken);
        }
    }
}
