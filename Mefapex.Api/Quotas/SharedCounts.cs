using Mefapex.Api.Shared;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Mefapex.Api.Quotas;

/// <summary>Questions of limited tenants counted in Redis as they come, so that all replicas know them at once. A Redis
/// that lost its counts, or missed some, takes over what the asking replica knows from PostgreSQL.</summary>
internal sealed class SharedCounts(RedisConnection redis, IOptions<RedisOptions> options)
{
    private const string Open =
        """
        local used = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]))
        if used >= tonumber(ARGV[2]) then return { 0, used } end
        redis.call('SET', KEYS[1], used + 1, 'EX', ARGV[3])
        return { 1, used }
        """;

    private const string Return =
        """
        if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end
        return 0
        """;

    private const int KeptSeconds = 2 * 24 * 60 * 60;

    /// <param name="known">How many this replica knows to be answered.</param>
    /// <returns>Whether there is room, and how many were taken before; null while Redis is away or there is none.</returns>
    public async ValueTask<(bool IsOpen, long Used)?> TryOpenAsync(
        Guid tenantId, DateOnly day, long known, long limit, CancellationToken cancellationToken)
    {
        if (!redis.IsUp)
            return null;
        try
        {
            var reply = (long[])(await redis.AskAsync(
                database => RedisScripts.EvaluateAsync(database, Open, [KeyOf(tenantId, day)], [known, limit, KeptSeconds]),
                cancellationToken))!;
            return (reply[0] == 1, reply[1]);
        }
        catch (RedisAwayException)
        {
            return null;
        }
    }

    /// <summary>Gives a place back that was taken for nothing.</summary>
    public async Task ReturnAsync(Guid tenantId, DateOnly day)
    {
        if (!redis.IsUp)
            return;
        try
        {
            await redis.AskAsync(
                database => RedisScripts.EvaluateAsync(database, Return, [KeyOf(tenantId, day)], []), CancellationToken.None);
        }
        catch (RedisAwayException)
        {
            // Counted once too often in Redis, until the day is over.
        }
    }

    private RedisKey KeyOf(Guid tenantId, DateOnly day) => $"{options.Value.Prefix}questions:{tenantId:N}:{day:yyyyMMdd}";
}
