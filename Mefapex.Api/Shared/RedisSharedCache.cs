using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Mefapex.Api.Shared;

/// <summary>The values in Redis.</summary>
internal sealed class RedisSharedCache(RedisConnection redis, IOptions<RedisOptions> options) : ISharedCache
{
    private const int Batch = 500;

    private readonly string _prefix = options.Value.Prefix + "cache:";
    private readonly ConcurrentDictionary<string, bool> _toRemove = new(StringComparer.Ordinal);

    public async Task<byte[]?> GetAsync(string key, CancellationToken cancellationToken)
    {
        if (!redis.IsUp || !await HaveRemovedAsync(key, cancellationToken))
            return null;
        try
        {
            return await redis.AskAsync(database => database.StringGetAsync(_prefix + key), cancellationToken);
        }
        catch (RedisAwayException)
        {
            return null;
        }
    }

    public async Task SetAsync(string key, byte[] value, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        if (!redis.IsUp || !await HaveRemovedAsync(key, cancellationToken))
            return;
        try
        {
            await redis.AskAsync(database => database.StringSetAsync(_prefix + key, value, lifetime), cancellationToken);
        }
        catch (RedisAwayException)
        {
            // A value that is not kept is worked out again.
        }
    }

    public async Task RemoveAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await redis.AskAsync(database => database.KeyDeleteAsync(_prefix + key), cancellationToken);
        }
        catch (RedisAwayException)
        {
            // It goes when its time is over.
        }
    }

    public async Task<bool> RemoveAllAsync(string prefix, CancellationToken cancellationToken)
    {
        _toRemove[prefix] = true;
        return await HaveRemovedAsync(prefix, cancellationToken);
    }

    /// <summary>Removes what is still to be removed and would be seen under the key.</summary>
    private async Task<bool> HaveRemovedAsync(string key, CancellationToken cancellationToken)
    {
        if (_toRemove.IsEmpty)
            return true;
        try
        {
            foreach (var prefix in _toRemove.Keys.Where(p => key.StartsWith(p, StringComparison.Ordinal)))
            {
                await DeleteAllAsync(prefix, cancellationToken);
                _toRemove.TryRemove(prefix, out _);
            }

            return true;
        }
        catch (RedisAwayException)
        {
            return false;
        }
    }

    private async Task DeleteAllAsync(string prefix, CancellationToken cancellationToken)
    {
        var pattern = Escape(_prefix + prefix) + "*";
        var cursor = "0";
        do
        {
            var from = cursor;
            var page = (RedisResult[])(await redis.AskAsync(
                database => database.ExecuteAsync("SCAN", from, "MATCH", pattern, "COUNT", Batch.ToString(CultureInfo.InvariantCulture)),
                cancellationToken))!;
            cursor = (string)page[0]!;
            if ((RedisKey[])page[1]! is { Length: > 0 } keys)
                await redis.AskAsync(database => database.KeyDeleteAsync(keys), cancellationToken);
        }
        while (cursor != "0");
    }

    /// <summary>A pattern that means the text itself.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c is '*' or '?' or '[' or ']' or '\\')
                escaped.Append('\\');
            escaped.Append(c);
        }

        return escaped.ToString();
    }
}
