namespace Mefapex.Api.Shared;

/// <summary>
/// Sends over Redis while it answers, else over PostgreSQL, and hears both: a replica that has lost Redis and one that has
/// not still understand each other.
/// </summary>
internal sealed class ReplicaBus(RedisBus redis, PostgresBus postgres) : IReplicaBus
{
    public async Task PublishAsync(string channel, string message, CancellationToken cancellationToken)
    {
        try
        {
            await redis.PublishAsync(channel, message, cancellationToken);
        }
        catch (BusAwayException)
        {
            await postgres.PublishAsync(channel, message, cancellationToken);
        }
    }

    public IDisposable Subscribe(string channel, Action<string> handler, Action? missed = null) => new Both(
        redis.Subscribe(channel, handler, missed), postgres.Subscribe(channel, handler, missed));

    private sealed class Both(IDisposable one, IDisposable other) : IDisposable
    {
        public void Dispose()
        {
            one.Dispose();
            other.Dispose();
        }
    }
}

internal static partial class ReplicaBusExtensions
{
    /// <summary>Sends without waiting for it; where nothing carries it, the others find out by themselves, later.</summary>
    public static void Tell(this IReplicaBus bus, string channel, string message, ILogger logger) =>
        _ = TellAsync(bus, channel, message, logger);

    private static async Task TellAsync(IReplicaBus bus, string channel, string message, ILogger logger)
    {
        try
        {
            await bus.PublishAsync(channel, message, CancellationToken.None);
        }
        catch (Exception e) when (e is BusAwayException or ObjectDisposedException)
        {
            LogNotTold(logger, channel, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Other replicas were not told on the channel {Channel}: {Reason}")]
    private static partial void LogNotTold(ILogger logger, string channel, string reason);
}
