using StackExchange.Redis;

namespace Mefapex.Api.Shared;

internal static class RedisScripts
{
    /// <summary>Runs a script, also on a server that has forgotten it.</summary>
    public static async Task<RedisResult> EvaluateAsync(IDatabase database, string script, RedisKey[] keys, RedisValue[] arguments)
    {
        try
        {
            return await database.ScriptEvaluateAsync(script, keys, arguments);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // The client knows that now and sends the text along.
            return await database.ScriptEvaluateAsync(script, keys, arguments);
        }
    }
}
