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
/// <param name="Erased">Whether somebody was erased, so that nothing may be kept of what was asked.</param>
internal sealed record KnowledgeChange(Guid? TenantId, long Version, bool Erased = false)
{
    /// <summary>Follows tenant and version where <see cref="Erased"/> is meant.</summary>
    public const string ErasedMark = "erased";

    /// <summary>Name of the PostgreSQL channel; <see cref="Parse"/> reads what is sent on it.</summary>
    public const string Channel = "mefapex_knowledge";

    /// <summary>What was missed may be an erasure.</summary>
    public static readonly KnowledgeChange Unknown = new(null, 0, Erased: true);

    /// <summary>Reads <c>tenant version</c>, and <c>erased</c> after them; anything else may mean any tenant.</summary>
    public static KnowledgeChange Parse(string payload) =>
        payload.Split(' ') is [var tenant, var version, .. var marks]
        && Guid.TryParse(tenant, out var tenantId)
        && long.TryParse(version, System.Globalization.CultureInfo.InvariantCulture, out var number)
        && marks is [] or [ErasedMark]
            ? new(tenantId, number, Erased: marks is [ErasedMark])
            : Unknown;
}
