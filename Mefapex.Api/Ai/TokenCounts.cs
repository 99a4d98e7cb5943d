using System.Collections.Concurrent;

namespace Mefapex.Api.Ai;

/// <summary>Tokens that models read and wrote for each tenant, until somebody writes them down.</summary>
internal sealed class TokenCounts
{
    private readonly ConcurrentDictionary<Guid, long> _counts = new();

    public void Add(Guid tenantId, long tokens)
    {
        if (tokens > 0)
            _counts.AddOrUpdate(tenantId, static (_, added) => added, static (_, count, added) => count + added, tokens);
    }

    public long Of(Guid tenantId) => _counts.GetValueOrDefault(tenantId);

    /// <summary>Hands the counts over; from here on they count from nothing.</summary>
    public IReadOnlyList<(Guid TenantId, long Tokens)> Take() =>
        [.. _counts.Keys.Select(tenant => (tenant, _counts.TryRemove(tenant, out var tokens) ? tokens : 0))];
}
