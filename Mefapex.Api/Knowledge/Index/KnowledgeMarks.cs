using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>
/// A mark for each thing that can be found, which changes with every write to any of its rows: what bears the same mark
/// as before need not be read again. Made of the rows' transaction numbers, which PostgreSQL only ever raises, so that
/// nobody has to keep it in step. Read the marks before what they stand for.
/// </summary>
internal static class KnowledgeMarks
{
    public static Task<Dictionary<string, string>> OfEntriesAsync(MefapexDb db, Guid tenantId, CancellationToken cancellationToken) =>
        db.Database.SqlQuery<Mark>(
            $"""
            select e.id, concat_ws('.', e.xmin, t.rows, t.mark, q.rows, q.mark) as value
            from knowledge_entries e
            left join (
                select entry_id, count(*) as rows, sum(xmin::text::bigint) as mark
                from knowledge_texts where tenant_id = {tenantId} group by entry_id
            ) t on t.entry_id = e.id
            left join (
                select entry_id, count(*) as rows, sum(xmin::text::bigint) as mark
                from knowledge_questions where tenant_id = {tenantId} group by entry_id
            ) q on q.entry_id = e.id
            where e.tenant_id = {tenantId} and e.published_version is not null
            """).ToDictionaryAsync(m => m.Id, m => m.Value, StringComparer.Ordinal, cancellationToken);

    /// <summary>Of the documents with a version that is searched.</summary>
    public static Task<Dictionary<Guid, string>> OfDocumentsAsync(MefapexDb db, Guid tenantId, CancellationToken cancellationToken) =>
        db.Database.SqlQuery<Mark>(
            $"""
            select id::text as id, concat_ws('.', xmin, current_version) as value
            from documents where tenant_id = {tenantId} and current_version is not null
            """).ToDictionaryAsync(m => Guid.Parse(m.Id), m => m.Value, cancellationToken);

    private sealed record Mark(string Id, string Value);
}
