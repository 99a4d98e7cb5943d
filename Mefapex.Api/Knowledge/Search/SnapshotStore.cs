using System.Collections.Concurrent;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Index;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Keeps the newest snapshot of each tenant that was asked about.</summary>
internal sealed class SnapshotStore(IDbContextFactory<MefapexDb> contexts) : IDisposable
{
    private readonly ConcurrentDictionary<Guid, KnowledgeSnapshot> _snapshots = new();
    private readonly ConcurrentDictionary<Guid, Origin> _origins = new();
    private readonly SemaphoreSlim _loading = new(1);

    /// <summary>The snapshot at hand, loaded when there is none or it is older than <paramref name="atLeast"/>.</summary>
    public async Task<KnowledgeSnapshot> GetAsync(Guid tenantId, long atLeast, CancellationToken cancellationToken)
    {
        if (Current(tenantId, atLeast) is { } current)
            return current;
        await _loading.WaitAsync(cancellationToken);
        try
        {
            return Current(tenantId, atLeast) ?? (_snapshots[tenantId] = await LoadAsync(tenantId, cancellationToken));
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
    public async Task<KnowledgeSnapshot> SupposeAsync(
        Guid tenantId, IReadOnlyList<SynonymGroup> synonyms, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var knowledge = await BaseAsync(db, tenantId, cancellationToken);
        var entries = await Published(db, tenantId).ToListAsync(cancellationToken);
        return new KnowledgeSnapshot(knowledge, entries, synonyms, await HasPassagesAsync(db, tenantId, cancellationToken));
    }

    /// <summary>The tenant's present knowledge without some entries and with these; kept by nobody.</summary>
    /// <param name="without">Their ids.</param>
    public async Task<KnowledgeSnapshot> SupposeAsync(
        Guid tenantId, IReadOnlySet<string> without, IReadOnlyCollection<KnowledgeEntry> with, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        string[] ids = [.. without];
        var knowledge = await BaseAsync(db, tenantId, cancellationToken);
        var staying = await Published(db, tenantId).Where(e => !ids.Contains(e.Id)).ToListAsync(cancellationToken);
        var synonyms = await db.SynonymGroups.AsNoTracking().Where(g => g.TenantId == tenantId).ToListAsync(cancellationToken);
        // Not the next one of what is at hand: only the store may add to the words that its snapshots share.
        return new KnowledgeSnapshot(
            knowledge, [.. staying, .. with], synonyms, await HasPassagesAsync(db, tenantId, cancellationToken));
    }

    public void Dispose() => _loading.Dispose();

    private KnowledgeSnapshot? Current(Guid tenantId, long atLeast) =>
        _snapshots.TryGetValue(tenantId, out var snapshot) && snapshot.Version >= atLeast ? snapshot : null;

    /// <summary>Reads only the entries that changed since the snapshot before, unless the synonyms did.</summary>
    private async Task<KnowledgeSnapshot> LoadAsync(Guid tenantId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        // Version and marks are read first: a change in between leaves the snapshot newer than they say, and it is loaded again.
        var knowledge = await BaseAsync(db, tenantId, cancellationToken);
        var marks = await KnowledgeMarks.OfEntriesAsync(db, tenantId, cancellationToken);
        var groups = await db.SynonymGroups.AsNoTracking().Where(g => g.TenantId == tenantId).ToListAsync(cancellationToken);
        var synonyms = string.Join('\n', groups.OrderBy(g => g.Position).Select(g => string.Join('\t', g.Terms)));
        var hasPassages = await HasPassagesAsync(db, tenantId, cancellationToken);

        KnowledgeSnapshot snapshot;
        if (_snapshots.TryGetValue(tenantId, out var previous) && !previous.IsWorn && _origins[tenantId] is var origin && origin.Synonyms == synonyms)
        {
            var changed = marks.Where(m => origin.Marks.GetValueOrDefault(m.Key) != m.Value).Select(m => m.Key).ToList();
            var staying = marks.Keys.Except(changed, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
            var entries = changed.Count == 0
                ? []
                : await Published(db, tenantId).Where(e => changed.Contains(e.Id)).ToListAsync(cancellationToken);
            snapshot = changed.Count == 0 && staying.Count == previous.Entries.Count
                ? previous.With(knowledge, hasPassages)
                : new KnowledgeSnapshot(previous, knowledge, entries, staying, hasPassages);
        }
        else
        {
            snapshot = new KnowledgeSnapshot(knowledge, await Published(db, tenantId).ToListAsync(cancellationToken), groups, hasPassages);
        }

        _origins[tenantId] = new Origin(marks, synonyms);
        return snapshot;
    }

    private static async Task<KnowledgeBase> BaseAsync(MefapexDb db, Guid tenantId, CancellationToken cancellationToken) =>
        await db.KnowledgeBases.AsNoTracking().SingleOrDefaultAsync(k => k.TenantId == tenantId, cancellationToken)
            ?? new KnowledgeBase { TenantId = tenantId, Version = 0, ContactTr = "", ContactEn = "", UpdatedAt = default };

    private static IQueryable<KnowledgeEntry> Published(MefapexDb db, Guid tenantId) => db.KnowledgeEntries.AsNoTracking()
        .Where(e => e.TenantId == tenantId && e.PublishedVersion != null)
        .Include(e => e.Texts)
        .Include(e => e.Questions)
        .AsSplitQuery();

    private static Task<bool> HasPassagesAsync(MefapexDb db, Guid tenantId, CancellationToken cancellationToken) =>
        db.Documents.AnyAsync(d => d.TenantId == tenantId && d.CurrentVersion != null, cancellationToken);

    /// <summary>What a snapshot was made from.</summary>
    /// <param name="Marks">By entry, see <see cref="KnowledgeMarks"/>.</param>
    private sealed record Origin(Dictionary<string, string> Marks, string Synonyms);
}
