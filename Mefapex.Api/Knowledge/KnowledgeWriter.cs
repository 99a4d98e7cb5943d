using System.Text.Json.Serialization;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Inference.Text;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge;

/// <summary>Fills an entry with texts and keeps the columns it is searched by in step with them.</summary>
internal static class KnowledgeWriter
{
    /// <summary>Both full-text columns of texts: title, questions, labels and answer as they weigh.</summary>
    private const string SearchColumns =
        """
        select x.entry_id, x.language, x.folded::tsvector as folded,
            setweight(to_tsvector(x.config, x.title), 'A') ||
            setweight(to_tsvector(x.config, x.questions), 'B') ||
            setweight(to_tsvector(x.config, x.labels), 'C') ||
            setweight(to_tsvector(x.config, x.answer), 'D') as original
        from (
            select t.*, (case t.language when 'en' then 'english' else 'turkish' end)::regconfig as config
            from unnest({0}, {1}, {2}, {3}, {4}, {5}, {6}) as t (entry_id, language, folded, title, questions, labels, answer)
        ) x
        """;

    /// <summary>Makes a version the entry's newest one. It serves nobody before <see cref="PublishAsync"/>.</summary>
    /// <param name="status">One of <see cref="EntryStatus"/>.</param>
    public static KnowledgeVersion AddVersion(
        MefapexDb db,
        KnowledgeEntry entry,
        EntryDraft draft,
        string status,
        string author,
        string? note,
        DateTimeOffset now)
    {
        var version = KnowledgeVersion.Of(entry.TenantId, entry.Id, entry.Version + 1, status, draft, author, note, now);
        entry.Version = version.Version;
        entry.Status = status;
        if (entry.PublishedVersion is null)
            Describe(entry, version);
        db.KnowledgeVersions.Add(version);
        return version;
    }

    /// <summary>
    /// Has the entries serve these versions, and saves. Neither texts nor questions of the entries may be tracked. What
    /// was derived from the knowledge is stale only after <see cref="BumpVersionAsync"/>.
    /// </summary>
    /// <param name="by">User name.</param>
    public static async Task PublishAsync(
        MefapexDb db,
        Guid tenantId,
        IReadOnlyList<(KnowledgeEntry Entry, KnowledgeVersion Version)> published,
        string by,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await RemoveLiveAsync(db, tenantId, [.. published.Where(p => p.Entry.PublishedVersion is not null).Select(p => p.Entry.Id)], cancellationToken);
        foreach (var (entry, version) in published)
        {
            version.Status = EntryStatus.Published;
            version.PublishedBy = by;
            version.PublishedAt = now;
            entry.Status = EntryStatus.Published;
            entry.PublishedVersion = version.Version;
            Describe(entry, version);
            Replace(entry, version.Texts);
        }

        await db.SaveChangesAsync(cancellationToken);
        await SupersedeAsync(db, tenantId, [.. published.Select(p => p.Entry.Id)], cancellationToken);
        await RefreshSearchAsync(db, tenantId, [.. published.Select(p => p.Entry)], cancellationToken);
    }

    /// <summary>Marks every version as superseded that is neither the newest nor the published one of its entry.</summary>
    public static Task SupersedeAsync(MefapexDb db, Guid tenantId, string[] ids, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"""
            update knowledge_versions v set status = {EntryStatus.Superseded}
            from knowledge_entries e
            where v.tenant_id = {tenantId} and v.entry_id = any({ids}) and e.tenant_id = v.tenant_id and e.id = v.entry_id
                and v.version <> e.version and v.version is distinct from e.published_version
                and v.status in ({EntryStatus.Draft}, {EntryStatus.Review}, {EntryStatus.Published})
            """, cancellationToken);

    /// <summary>Removes what entries are found by.</summary>
    public static async Task RemoveLiveAsync(MefapexDb db, Guid tenantId, string[] ids, CancellationToken cancellationToken)
    {
        if (ids.Length == 0)
            return;
        await db.Set<KnowledgeQuestion>().Where(q => q.TenantId == tenantId && ids.Contains(q.EntryId)).ExecuteDeleteAsync(cancellationToken);
        await db.Set<KnowledgeText>().Where(t => t.TenantId == tenantId && ids.Contains(t.EntryId)).ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>Replaces the entry's texts and questions; both stand in the context until it is saved.</summary>
    public static void Replace(KnowledgeEntry entry, IEnumerable<EntryContent> contents)
    {
        entry.SearchFormat = SearchKey.Format;
        entry.Texts.Clear();
        entry.Questions.Clear();
        foreach (var content in contents)
        {
            if (content.HasText)
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
            }

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
        const string Update =
            "update knowledge_texts t set folded_search = s.folded, original_search = s.original from (" + SearchColumns + ") s "
            + "where t.tenant_id = {7} and t.entry_id = s.entry_id and t.language = s.language";
        return db.Database.ExecuteSqlRawAsync(Update, [.. SearchedTexts(entries), tenantId], cancellationToken);
    }

    /// <summary>An entry as it would be with this version published; stands in no context.</summary>
    public static KnowledgeEntry Suppose(KnowledgeVersion version)
    {
        var entry = KnowledgeEntry.Of(version.TenantId, version.EntryId);
        entry.PublishedVersion = version.Version;
        Describe(entry, version);
        Replace(entry, version.Texts);
        return entry;
    }

    /// <summary>What full text would find entries by, see <see cref="Suppose"/>.</summary>
    public static Task<List<SupposedText>> SupposeSearchAsync(
        MefapexDb db,
        IReadOnlyList<KnowledgeEntry> entries,
        CancellationToken cancellationToken)
    {
        const string Select =
            """select s.entry_id as "EntryId", s.language as "Language", s.folded::text as "Folded", s.original::text as "Original" """
            + "from (" + SearchColumns + ") s";
        return db.Database.SqlQueryRaw<SupposedText>(Select, SearchedTexts(entries)).ToListAsync(cancellationToken);
    }

    /// <summary>Writes the search columns of every entry anew whose format is not today's; what entries say stays.</summary>
    public static async Task RefreshStaleAsync(MefapexDb db, TimeProvider time, CancellationToken cancellationToken)
    {
        var tenants = await db.KnowledgeEntries
            .Where(e => e.SearchFormat != SearchKey.Format
                && db.KnowledgeVersions.Any(v => v.TenantId == e.TenantId && v.EntryId == e.Id && v.Version == e.PublishedVersion))
            .Select(e => e.TenantId)
            .Distinct()
            .ToListAsync(cancellationToken);
        foreach (var tenantId in tenants)
        {
            await db.InTransactionAsync(async () =>
            {
                var stale = await (
                    from entry in db.KnowledgeEntries
                    where entry.TenantId == tenantId && entry.SearchFormat != SearchKey.Format
                    join version in db.KnowledgeVersions
                        on new { entry.TenantId, entry.Id, Version = entry.PublishedVersion }
                        equals new { version.TenantId, Id = version.EntryId, Version = (int?)version.Version }
                    select new { Entry = entry, version.Texts }).ToListAsync(cancellationToken);
                await RemoveLiveAsync(db, tenantId, [.. stale.Select(s => s.Entry.Id)], cancellationToken);
                stale.ForEach(s => Replace(s.Entry, s.Texts));
                await db.SaveChangesAsync(cancellationToken);
                await RefreshSearchAsync(db, tenantId, [.. stale.Select(s => s.Entry)], cancellationToken);
                return await BumpVersionAsync(db, tenantId, time.GetUtcNow(), cancellationToken);
            }, cancellationToken);
        }
    }

    /// <summary>The values of <see cref="SearchColumns"/>.</summary>
    private static object[] SearchedTexts(IReadOnlyList<KnowledgeEntry> entries)
    {
        var rows = entries.SelectMany(e => e.Texts, (entry, text) => (Entry: entry, Text: text)).ToList();
        return
        [
            Column(r => r.Text.EntryId),
            Column(r => r.Text.Language),
            Column(r => FoldedSearch(r.Entry, r.Text)),
            Column(r => r.Text.Title),
            Column(r => string.Join(' ', r.Entry.Questions.Where(q => q.Language == r.Text.Language).OrderBy(q => q.Position).Select(q => q.Text))),
            Column(r => string.Join(' ', r.Entry.Tags.Append(r.Entry.Category))),
            Column(r => r.Text.Answer),
        ];

        string[] Column(Func<(KnowledgeEntry Entry, KnowledgeText Text), string> value) => [.. rows.Select(value)];
    }

    private static void Describe(KnowledgeEntry entry, KnowledgeVersion version)
    {
        entry.Category = version.Category;
        entry.Owner = version.Owner;
        entry.ValidFrom = version.ValidFrom;
        entry.ExpiresOn = version.ExpiresOn;
        entry.Tags = version.Tags;
        entry.Audience = version.Audience;
    }

    /// <summary>Questions in a language without a text stand with the first text.</summary>
    private static string FoldedSearch(KnowledgeEntry entry, KnowledgeText text)
    {
        var first = entry.Texts[0] == text;
        var questions = entry.Questions.Where(q => q.Language == text.Language
            || (first && !entry.Texts.Exists(t => t.Language == q.Language)));
        return SearchKey.VectorOf(
        [
            (text.Title, 'A', text.Language),
            .. questions.Select(q => (q.Text, 'B', q.Language)),
            (string.Join(' ', entry.Tags), 'C', text.Language),
            (entry.Category, 'C', text.Language),
            (text.Answer, 'D', text.Language),
        ]);
    }

    /// <summary>Says that everything derived from the tenant's knowledge is stale, to every replica when the
    /// transaction commits.</summary>
    /// <param name="mark">What is said besides; see <see cref="KnowledgeChange.ErasedMark"/>.</param>
    public static Task<int> BumpVersionAsync(
        MefapexDb db, Guid tenantId, DateTimeOffset now, CancellationToken cancellationToken, string mark = "") => db.Database.ExecuteSqlAsync(
            $"""
            with changed as (
                insert into knowledge_bases (tenant_id, version, contact_tr, contact_en, updated_at) values ({tenantId}, 1, '', '', {now})
                on conflict (tenant_id) do update set version = knowledge_bases.version + 1, updated_at = excluded.updated_at
                returning version
            )
            select pg_notify({KnowledgeChange.Channel}, rtrim({tenantId}::text || ' ' || version || ' ' || {mark})) from changed
            """, cancellationToken);
}

/// <summary>A text with its full-text columns, in PostgreSQL's notation.</summary>
internal sealed record SupposedText(string EntryId, string Language, string Folded, string Original);

/// <summary>What an entry says in one language.</summary>
/// <param name="Title">Empty where the entry has no text in the language, see <see cref="QuestionsOnly"/>.</param>
/// <param name="Answer">Empty with an empty title.</param>
internal sealed record EntryContent(string Language, string Title, IReadOnlyList<string> Questions, string Answer)
{
    [JsonIgnore]
    public bool HasText => Title.Length > 0;

    /// <summary>People ask in this language and are answered in one that the entry has a text in.</summary>
    public static EntryContent QuestionsOnly(string language, IReadOnlyList<string> questions) => new(language, "", questions, "");
}
