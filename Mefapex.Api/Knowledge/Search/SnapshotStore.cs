using System.Collections.Concurrent;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Keeps the newest snapshot of each tenant that was asked about.</summary>
internal sealed class SnapshotStore(IDbContextFactory<MefapexDb> contexts) : IDisposable
{
    private readonly ConcurrentDictionary<Guid, KnowledgeSnapshot> _snapshots = new();
    private readonly SemaphoreSlim _loading = new(1);

    /// <summary>The snapshot at hand, loaded when there is none or it is older than <paramref name="atLeast"/>.</summary>
    public async Task<KnowledgeSnapshot> GetAsync(Guid tenantId, long atLeast, CancellationToken cancellationToken)
    {
        if (Current(tenantId, atLeast) is { } current)
            return current;
        await _loading.WaitAsync(cancellationToken);
        try
        {
            return Current(tenantId, atLeast) ?? (_snapshots[tenantId] = await LoadAsync(tenantId, supposed: null, cancellationToken));
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>What is kept of the tenant, however old; null when nothing was asked about yet.</summary>
    public KnowledgeSnapshot? AtHand(Guid tenantId) => _snapshots.GetValueOrDefault(tenantId);

    /// <summary>The tenants whose snapshots are kept.</summary>
    public IEnumerable<Guid> Tenants => _snapshots.Keys;

    /// <summary>Loads a snapshot that is kept anew when it is stale; questions go on with the old one meanwhile.</summary>
    public async Task RefreshAsync(Guid tenantId, CancellationToken cancellationToken)
    {
        if (!_snapshots.ContainsKey(tenantId))
            return;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var version = await db.KnowledgeBases.Where(k => k.TenantId == tenantId).Select(k => k.Version)
            .SingleOrDefaultAsync(cancellationToken);
        await GetAsync(tenantId, version, cancellationToken);
    }

    /// <summary>The tenant's present knowledge with other synonyms than it has; kept by nobody.</summary>
    public Task<KnowledgeSnapshot> SupposeAsync(
        Guid tenantId, IReadOnlyList<SynonymGroup> synonyms, CancellationToken cancellationToken) =>
        LoadAsync(tenantId, synonyms, cancellationToken);

    public void Dispose() => _loading.Dispose();

    private KnowledgeSnapshot? Current(Guid tenantId, long atLeast) =>
        _snapshots.TryGetValue(tenantId, out var snapshot) && snapshot.Version >= atLeast ? snapshot : null;

    private async Task<KnowledgeSnapshot> LoadAsync(
        Guid tenantId, IReadOnlyList<SynonymGroup>? supposed, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        // The version is read first: a change in between leaves the snapshot newer than it says, and it is loaded again.
        var knowledge = await db.KnowledgeBases.AsNoTracking().SingleOrDefaultAsync(k => k.TenantId == tenantId, cancellationToken)
            ?? new KnowledgeBase { TenantId = tenantId, Version = 0, ContactTr = "", ContactEn = "", UpdatedAt = default };
        var synonyms = supposed ?? await db.SynonymGroups.AsNoTracking().Where(g => g.TenantId == tenantId).ToListAsync(cancellationToken);
        var entries = await db.KnowledgeEntries.AsNoTracking()
            .Where(e => e.TenantId == tenantId && e.PublishedVersion != null)
            .Include(e => e.Texts)
            .Include(e => e.Questions)
            .AsSplitQuery()
            .ToListAsync(cancellationToken);
        var hasPassages = await db.Documents.AnyAsync(d => d.TenantId == tenantId && d.CurrentVersion != null, cancellationToken);
        return new KnowledgeSnapshot(knowledge, entries, synonyms, hasPassages);
    }
}
