using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Whom entries and documents are kept to.</summary>
internal sealed class Audiences(MefapexDb db, TimeProvider time)
{
    private const string Group = "group:";

    /// <summary>How many entries, in any version, and how many documents are kept to each group.</summary>
    public async Task<Dictionary<string, (int Entries, int Documents)>> OfGroupsAsync(Guid tenantId, CancellationToken cancellationToken)
    {
        var kept = await db.Database.SqlQuery<Kept>(
            $"""
            select substr(audience, length({Group}) + 1) as name,
                count(distinct entry_id)::int as entries, count(distinct document_id)::int as documents
            from (
                select unnest(audience) as audience, entry_id, null::uuid as document_id
                from knowledge_versions where tenant_id = {tenantId}
                union all
                select unnest(audience), id, null from knowledge_entries where tenant_id = {tenantId}
                union all
                select unnest(audience), null, id from documents where tenant_id = {tenantId}
            ) kept
            where starts_with(audience, {Group})
            group by audience
            """).ToListAsync(cancellationToken);
        return kept.ToDictionary(k => k.Name, k => (k.Entries, k.Documents), StringComparer.Ordinal);
    }

    /// <summary>
    /// Keeps to another name what was kept to this one, in every version, so that a rollback does not bring the old name
    /// back; call it in a transaction.
    /// </summary>
    public async Task RenameGroupAsync(Guid tenantId, string from, string to, string author, CancellationToken cancellationToken)
    {
        var (old, now, at) = (Group + from, Group + to, time.GetUtcNow());
        await db.Database.ExecuteSqlAsync(
            $"""
            update knowledge_versions set audience = array_replace(audience, {old}, {now})
            where tenant_id = {tenantId} and {old} = any(audience);
            update knowledge_entries set audience = array_replace(audience, {old}, {now}),
                revision = revision + 1, updated_at = {at}, updated_by = {author}
            where tenant_id = {tenantId} and {old} = any(audience);
            update documents set audience = array_replace(audience, {old}, {now}),
                revision = revision + 1, updated_at = {at}, updated_by = {author}
            where tenant_id = {tenantId} and {old} = any(audience);
            """,
            cancellationToken);
        await KnowledgeWriter.BumpVersionAsync(db, tenantId, at, cancellationToken);
    }

    private sealed record Kept(string Name, int Entries, int Documents);
}
