using Mefapex.Api.Data;
using Mefapex.Api.Shared;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Ai;

/// <summary>
/// Which tenants are answered without the AI service because somebody forced it. PostgreSQL keeps it, so that it outlasts
/// restarts and holds for every replica; what it said last is at hand without asking.
/// </summary>
internal sealed class ForcedFallbacks(
    IDbContextFactory<MefapexDb> databases,
    IReplicaBus bus,
    TimeProvider time,
    Recurrence recurrence,
    ILogger<ForcedFallbacks> logger) : BackgroundService
{
    private volatile IReadOnlyList<FallbackInForce> _inForce = [];

    /// <summary>What holds for the tenant; null where nothing is forced.</summary>
    public FallbackInForce? Of(Guid tenantId)
    {
        var inForce = _inForce;
        if (inForce.Count == 0)
            return null;
        var now = time.GetUtcNow();
        return inForce.FirstOrDefault(f => f.Until > now && (f.TenantId is null || f.TenantId == tenantId));
    }

    /// <summary>What holds for everybody and for the tenant of this slug; for all tenants where it is null.</summary>
    public IReadOnlyList<FallbackInForce> Of(string? slug)
    {
        var now = time.GetUtcNow();
        return [.. _inForce.Where(f => f.Until > now && (slug is null || f.TenantId is null || f.Slug == slug))];
    }

    /// <summary>Has every replica read what is in force, after it was changed.</summary>
    public async Task ChangedAsync(CancellationToken cancellationToken)
    {
        await ReadAsync(cancellationToken);
        bus.Tell(BusChannels.FallbacksChanged, "read", logger);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = time.GetUtcNow();
        _inForce = await db.ForcedFallbacks.Where(f => f.Until > now)
            .OrderBy(f => f.TenantId != null).ThenByDescending(f => f.ForcedAt)
            .Select(f => new FallbackInForce(
                f.TenantId, db.Tenants.Where(t => t.Id == f.TenantId).Select(t => t.Slug).FirstOrDefault(), f.Reason, f.ForcedAt, f.Until))
            .ToListAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var changed = bus.Subscribe(BusChannels.FallbacksChanged, _ => Changed(), Changed);
        await recurrence.EveryAsync(TimeSpan.FromSeconds(5), nameof(ForcedFallbacks), ReadAsync, stoppingToken);

        void Changed() => _ = recurrence.TryAsync(nameof(ForcedFallbacks), ReadAsync, stoppingToken);
    }
}

/// <param name="TenantId">Whose answers; null for everybody's.</param>
/// <param name="Slug">The tenant's.</param>
internal sealed record FallbackInForce(Guid? TenantId, string? Slug, string? Reason, DateTimeOffset ForcedAt, DateTimeOffset Until);
