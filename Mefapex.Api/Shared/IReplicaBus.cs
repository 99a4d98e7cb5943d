using System.Collections.Concurrent;

namespace Mefapex.Api.Shared;

/// <summary>
/// Short messages between the replicas, on named channels. A message may be lost or come twice, and the order is not promised:
/// it says that something changed, and PostgreSQL says what. Names and ids go over it, texts of people do not.
/// </summary>
internal interface IReplicaBus
{
    /// <summary>Sends a message to every replica that listens, this one included.</summary>
    /// <param name="channel">One of <see cref="BusChannels"/>.</param>
    /// <param name="message">At most <see cref="BusChannels.MaxMessage"/> characters of ASCII.</param>
    /// <exception cref="BusAwayException">Nothing that carries messages answers.</exception>
    Task PublishAsync(string channel, string message, CancellationToken cancellationToken);

    /// <summary>Has the messages of the channel handled from now on, on the carrier's thread: it must be quick.</summary>
    /// <param name="missed">Called when messages may have been lost on the way here: what they would have said must be read again.</param>
    /// <returns>Ends the subscription when disposed.</returns>
    IDisposable Subscribe(string channel, Action<string> handler, Action? missed = null);
}

/// <summary>What is talked about on the bus.</summary>
internal static class BusChannels
{
    /// <summary>The most characters of a message: what PostgreSQL takes, less the channel's name.</summary>
    public const int MaxMessage = 7_000;

    /// <summary>Ids of sessions that have ended.</summary>
    public const string SessionEnded = "session-ended";

    /// <summary>Tenants whose kept answers are void.</summary>
    public const string AnswersVoid = "answers-void";

    /// <summary>Forced fallbacks were changed.</summary>
    public const string FallbacksChanged = "fallbacks-changed";

    /// <summary>Tenants or their host names were changed.</summary>
    public const string TenantsChanged = "tenants-changed";

    /// <summary>Hashes of API keys that were revoked or rotated.</summary>
    public const string KeysChanged = "keys-changed";

    /// <summary>Answers that somebody wants no more, and what became of that.</summary>
    public const string Cancelling = "cancelling";

    /// <summary>What happens in conversations that are open in sockets, and who has sockets.</summary>
    public const string Sockets = "sockets";
}

/// <summary>A message could not be sent.</summary>
internal sealed class BusAwayException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Those who listen in this process.</summary>
internal sealed partial class BusSubscribers(ILogger logger)
{
    private readonly ConcurrentDictionary<Subscription, bool> _subscriptions = new();

    public IDisposable Add(string channel, Action<string> handler, Action? missed)
    {
        var subscription = new Subscription(this, channel, handler, missed);
        _subscriptions[subscription] = true;
        return subscription;
    }

    public void Deliver(string channel, string message)
    {
        foreach (var subscription in _subscriptions.Keys.Where(s => s.Channel == channel))
            Guard(channel, () => subscription.Handler(message));
    }

    public void Missed()
    {
        foreach (var subscription in _subscriptions.Keys.Where(s => s.Missed is not null))
            Guard(subscription.Channel, subscription.Missed!);
    }

    /// <summary>One that throws keeps the others from nothing.</summary>
    private void Guard(string channel, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            LogFailed(channel, e);
        }
    }

    [LoggerMessage(LogLevel.Error, "A subscriber of the channel {Channel} failed")]
    private partial void LogFailed(string channel, Exception exception);

    private sealed class Subscription(BusSubscribers all, string channel, Action<string> handler, Action? missed) : IDisposable
    {
        public string Channel => channel;

        public Action<string> Handler => handler;

        public Action? Missed => missed;

        public void Dispose() => all._subscriptions.TryRemove(this, out _);
    }
}
