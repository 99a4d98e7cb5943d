using System.Collections.Concurrent;

namespace Mefapex.Api.Knowledge;

/// <summary>Passes on that knowledge has changed, in this process or in another replica.</summary>
internal sealed partial class KnowledgeChanges(ILogger<KnowledgeChanges> logger)
{
    private readonly ConcurrentDictionary<Guid, Action<KnowledgeChange>> _subscribers = new();

    /// <summary>Has <paramref name="handler"/> called after each change, on the listener's thread: it must be quick.</summary>
    /// <returns>Ends the subscription when disposed.</returns>
    public IDisposable Subscribe(Action<KnowledgeChange> handler)
    {
        var key = Guid.NewGuid();
        _subscribers[key] = handler;
        return new Subscription(_subscribers, key);
    }

    /// <summary>Calls every subscriber; one that throws keeps the others from nothing.</summary>
    public void Publish(KnowledgeChange change)
    {
        foreach (var handler in _subscribers.Values)
        {
            try
            {
                handler(change);
            }
            catch (Exception e)
            {
                LogSubscriberFailed(e);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "A subscriber to changes of knowledge failed")]
    private partial void LogSubscriberFailed(Exception exception);

    private sealed class Subscription(ConcurrentDictionary<Guid, Action<KnowledgeChange>> subscribers, Guid key) : IDisposable
    {
        public void Dispose() => subscribers.TryRemove(key, out _);
    }
}

/// <param name="TenantId">Whose knowledge changed; null when every tenant's may have, unnoticed.</param>
/// <param name="Version">Its new version; 0 when that is not known.</param>
internal sealed record KnowledgeChange(Guid? TenantId, long Version)
{
    /// <summary>Name of the PostgreSQL channel; <see cref="Parse"/> reads what is sent on it.</summary>
    public const string Channel = "mefapex_knowledge";

    public static readonly KnowledgeChange Unknown = new(null, 0);

    /// <summary>Reads <c>tenant version</c>; anything else may mean any tenant.</summary>
    public static KnowledgeChange Parse(string payload) =>
        payload.Split(' ') is [var tenant, var version]
        && Guid.TryParse(tenant, out var tenantId)
        && long.TryParse(version, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? new(tenantId, number)
            : Unknown;
}
