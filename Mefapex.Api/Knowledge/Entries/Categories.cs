using Mefapex.Api.Data;
using Mefapex.Contracts.Knowledge;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Changes what entries and documents are filed under; call it in a transaction.</summary>
internal sealed class Categories(MefapexDb db, EntryStore entries, TimeProvider time)
{
    public async Task<bool> IsUsedAsync(EditorScope editor, string name, CancellationToken cancellationToken) =>
        await EntryFilter.None.Of(db, editor.Tenant.Id).AnyAsync(r => r.Newest.Category == name || r.Entry.Category == name, cancellationToken)
        || await db.Documents.AnyAsync(d => d.TenantId == editor.Tenant.Id && d.Category == name, cancellationToken);

    /// <summary>Moves everything, in every version, so that a rollback does not bring the old name back.</summary>
    /// <returns>Null when nothing was there.</returns>
    public async Task<CategoryMoved?> MoveAsync(
        EditorScope editor,
        string[] from,
        string into,
        CancellationToken cancellationToken)
    {
        var (tenantId, now) = (editor.Tenant.Id, time.GetUtcNow());
        var moved = await db.KnowledgeEntries
            .FromSql(
                $"""
                select * from knowledge_entries e
                where e.tenant_id = {tenantId} and exists (
                    select from knowledge_versions v
                    where v.tenant_id = e.tenant_id and v.entry_id = e.id and v.category = any({from}))
                order by e.id for update
                """)
            .ToListAsync(cancellationToken);
        var ids = moved.Select(e => e.Id).ToList();
        await db.Set<KnowledgeText>().Where(t => t.TenantId == tenantId && ids.Contains(t.EntryId)).LoadAsync(cancellationToken);
        await db.Set<KnowledgeQuestion>().Where(q => q.TenantId == tenantId && ids.Contains(q.EntryId)).LoadAsync(cancellationToken);
        foreach (var entry in moved)
        {
            entries.Touch(entry, editor.Author);
            if (from.Contains(entry.Category, StringComparer.Ordinal))
                entry.Category = into;
        }

        await db.SaveChangesAsync(cancellationToken);
        await db.KnowledgeVersions.Where(v => v.TenantId == tenantId && from.Contains(v.Category))
            .ExecuteUpdateAsync(v => v.SetProperty(x => x.Category, into), cancellationToken);
        var documents = await db.Documents.Where(d => d.TenantId == tenantId && from.Contains(d.Category))
            .ExecuteUpdateAsync(
                d => d.SetProperty(x => x.Category, into)
                    .SetProperty(x => x.Revision, x => x.Revision + 1)
                    .SetProperty(x => x.UpdatedAt, now)
                    .SetProperty(x => x.UpdatedBy, editor.Author),
                cancellationToken);
        if (moved.Count == 0 && documents == 0)
            return null;

        var published = moved.Where(e => e.PublishedVersion is not null).ToList();
        await KnowledgeWriter.RefreshSearchAsync(db, tenantId, published, cancellationToken);
        await KnowledgeWriter.BumpVersionAsync(db, tenantId, now, cancellationToken);
        return new CategoryMoved(into, moved.Count, documents);
    }
}
