using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Inference.Text;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge;

/// <summary>Fills an entry with texts and keeps the columns it is searched by in step with them.</summary>
internal static class KnowledgeWriter
{
    /// <summary>Replaces the entry's texts and questions; both stand in the context until it is saved.</summary>
    public static void Replace(KnowledgeEntry entry, IEnumerable<EntryContent> contents)
    {
        entry.Texts.Clear();
        entry.Questions.Clear();
        foreach (var content in contents)
        {
            entry.Texts.Add(new KnowledgeText
            {
                TenantId = entry.TenantId,
                EntryId = entry.Id,
                Language = content.Language,
                Title = content.Title,
                FoldedTitle = FoldedText.Of(content.Title, content.Language).Key,
                Answer = content.Answer,
            });
            entry.Questions.AddRange(content.Questions.Select((question, position) => new KnowledgeQuestion
            {
                TenantId = entry.TenantId,
                EntryId = entry.Id,
                Language = content.Language,
                Position = position,
                Text = question,
                Folded = FoldedText.Of(question, content.Language).Key,
            }));
        }
    }

    /// <summary>Computes the full-text columns of saved entries; call it in the transaction that saved them.</summary>
    public static Task RefreshSearchAsync(
        MefapexDb db,
        Guid tenantId,
        IReadOnlyList<KnowledgeEntry> entries,
        CancellationToken cancellationToken)
    {
        var rows = entries.SelectMany(e => e.Texts, (entry, text) => (Text: text, Folded: FoldedSearch(entry, text))).ToList();
        string[] ids = [.. rows.Select(r => r.Text.EntryId)];
        string[] languages = [.. rows.Select(r => r.Text.Language)];
        string[] folded = [.. rows.Select(r => r.Folded)];
        return db.Database.ExecuteSqlAsync(
            $"""
            update knowledge_texts t
            set folded_search = s.folded::tsvector,
                original_search =
                    setweight(to_tsvector(s.config, t.title), 'A') ||
                    setweight(to_tsvector(s.config, s.questions), 'B') ||
                    setweight(to_tsvector(s.config, s.labels), 'C') ||
                    setweight(to_tsvector(s.config, t.answer), 'D')
            from (
                select x.entry_id, x.language, x.folded,
                    (case x.language when 'en' then 'english' else 'turkish' end)::regconfig as config,
                    array_to_string(e.tags, ' ') || ' ' || e.category as labels,
                    coalesce((
                        select string_agg(q.text, ' ' order by q.position) from knowledge_questions q
                        where q.tenant_id = {tenantId} and q.entry_id = x.entry_id and q.language = x.language), '') as questions
                from unnest({ids}, {languages}, {folded}) as x (entry_id, language, folded)
                join knowledge_entries e on e.tenant_id = {tenantId} and e.id = x.entry_id
            ) s
            where t.tenant_id = {tenantId} and t.entry_id = s.entry_id and t.language = s.language
            """, cancellationToken);
    }

    private static string FoldedSearch(KnowledgeEntry entry, KnowledgeText text) => SearchKey.VectorOf(
    [
        (text.Title, 'A'),
        .. entry.Questions.Where(q => q.Language == text.Language).Select(q => (q.Text, 'B')),
        (string.Join(' ', entry.Tags), 'C'),
        (entry.Category, 'C'),
        (text.Answer, 'D'),
    ], text.Language);

    /// <summary>Says that everything derived from the tenant's knowledge is stale, to every replica when the
    /// transaction commits.</summary>
    public static Task BumpVersionAsync(MefapexDb db, Guid tenantId, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"""
            with changed as (
                update knowledge_bases set version = version + 1, updated_at = {now} where tenant_id = {tenantId} returning version
            )
            select pg_notify({KnowledgeChange.Channel}, {tenantId}::text || ' ' || version) from changed
            """, cancellationToken);
}

/// <summary>What an entry says in one language.</summary>
internal sealed record EntryContent(string Language, string Title, IReadOnlyList<string> Questions, string Answer);
