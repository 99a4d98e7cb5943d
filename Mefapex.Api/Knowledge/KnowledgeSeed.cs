using System.Security.Cryptography;
using System.Text.Json;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Entries;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge;

/// <summary>
/// Loads the sample knowledge of the sample tenants. What is there and unchanged is left alone; an entry that a person
/// has written or changed is never touched.
/// </summary>
internal static class KnowledgeSeed
{
    /// <summary>Stands where a person's user name does otherwise.</summary>
    private const string Author = "sample";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task ApplyAsync(MefapexDb db, TimeProvider time, CancellationToken cancellationToken)
    {
        var contacts = Read<Dictionary<string, Dictionary<string, string>>>("contacts");
        var synonyms = Read<Dictionary<string, string[][]>>("synonyms").Values.SelectMany(groups => groups).ToArray();
        var changed = false;
        foreach (var (slug, contact) in contacts)
        {
            var tenant = await db.Tenants.AsNoTracking().SingleOrDefaultAsync(t => t.Slug == slug, cancellationToken);
            if (tenant is null)
                continue;
            var variants = SampleVariants.Of(slug);
            var file = Read<SampleFile>(slug);
            var sample = file with { Entries = Array.ConvertAll(file.Entries, e => WithVariants(e, variants.GetValueOrDefault(e.Id, []))) };
            changed |= await db.InTransactionAsync(
                () => ApplyAsync(db, tenant.Id, sample, synonyms, contact, time.GetUtcNow(), cancellationToken), cancellationToken);
        }

        await KnowledgeWriter.RefreshStaleAsync(db, time, cancellationToken);

        // PostgreSQL would plan searches for empty tables until its own round comes along.
        if (changed)
            await db.Database.ExecuteSqlAsync($"analyze knowledge_entries, knowledge_texts, knowledge_questions", cancellationToken);
    }

    private static async Task<bool> ApplyAsync(
        MefapexDb db,
        Guid tenantId,
        SampleFile sample,
        string[][] synonyms,
        Dictionary<string, string> contact,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var changed = await ApplyBaseAsync(db, tenantId, contact, now, cancellationToken);
        changed |= await ApplySynonymsAsync(db, tenantId, synonyms, cancellationToken);

        var stored = await db.KnowledgeEntries
            .Where(e => e.TenantId == tenantId)
            .ToDictionaryAsync(e => e.Id, StringComparer.Ordinal, cancellationToken);
        var written = new List<(KnowledgeEntry, KnowledgeVersion)>();
        foreach (var entry in sample.Entries)
        {
            var hash = Hash(entry);
            if (stored.TryGetValue(entry.Id, out var known) && (known.SampleHash is null || known.SampleHash == hash))
                continue;
            written.Add(Write(db, known, tenantId, entry, hash, now));
        }

        var ids = sample.Entries.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        var gone = stored.Values.Where(e => e.SampleHash is not null && !ids.Contains(e.Id)).ToList();
        db.KnowledgeEntries.RemoveRange(gone);
        await db.SaveChangesAsync(cancellationToken);

        if (written.Count > 0)
            await KnowledgeWriter.PublishAsync(db, tenantId, written, Author, now, cancellationToken);
        changed |= written.Count > 0 || gone.Count > 0;
        if (changed)
            await KnowledgeWriter.BumpVersionAsync(db, tenantId, now, cancellationToken);
        return changed;
    }

    private static async Task<bool> ApplyBaseAsync(
        MefapexDb db,
        Guid tenantId,
        Dictionary<string, string> contact,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        if (await db.KnowledgeBases.AnyAsync(k => k.TenantId == tenantId, cancellationToken))
            return false;
        db.KnowledgeBases.Add(new KnowledgeBase
        {
            TenantId = tenantId,
            Version = 0,
            ContactTr = contact["tr"],
            ContactEn = contact["en"],
            UpdatedAt = now,
        });
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    /// <summary>Fills an empty list only: synonyms belong to the tenant's editors from then on.</summary>
    private static async Task<bool> ApplySynonymsAsync(
        MefapexDb db,
        Guid tenantId,
        string[][] groups,
        CancellationToken cancellationToken)
    {
        if (await db.SynonymGroups.AnyAsync(g => g.TenantId == tenantId, cancellationToken))
            return false;
        db.SynonymGroups.AddRange(groups.Select((terms, position) => new SynonymGroup
        {
            TenantId = tenantId,
            Position = position,
            Terms = terms,
        }));
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    private static (KnowledgeEntry Entry, KnowledgeVersion Version) Write(
        MefapexDb db,
        KnowledgeEntry? known,
        Guid tenantId,
        SampleEntry sample,
        string hash,
        DateTimeOffset now)
    {
        var entry = known ?? db.KnowledgeEntries.Add(KnowledgeEntry.Of(tenantId, sample.Id)).Entity;
        entry.SampleHash = hash;
        entry.Revision++;
        entry.UpdatedAt = now;
        entry.UpdatedBy = Author;
        var draft = new EntryDraft(
            sample.Category,
            sample.Owner,
            sample.ValidFrom,
            ExpiresOn: null,
            sample.Tags,
            Audience: [],
            [
                new("tr", sample.Title, sample.Questions, sample.Answer),
                .. sample.En is { } en ? [new EntryContent("en", en.Title, en.Questions, en.Answer)] : Array.Empty<EntryContent>(),
                .. sample.EnglishQuestions.Length > 0 ? [EntryContent.QuestionsOnly("en", sample.EnglishQuestions)] : Array.Empty<EntryContent>(),
            ]);
        return (entry, KnowledgeWriter.AddVersion(db, entry, draft, EntryStatus.Published, Author, note: null, now));
    }

    /// <summary>Adds the further wordings; English ones of an entry without an English text stand by themselves.</summary>
    private static SampleEntry WithVariants(SampleEntry entry, IReadOnlyList<SampleVariant> variants)
    {
        var byLanguage = variants.ToLookup(v => v.Language, v => v.Text, StringComparer.Ordinal);
        return entry with
        {
            Questions = [.. entry.Questions, .. byLanguage["tr"]],
            En = entry.En is { } en ? en with { Questions = [.. en.Questions, .. byLanguage["en"]] } : null,
            EnglishQuestions = entry.En is null ? [.. byLanguage["en"]] : [],
        };
    }

    private static string Hash(SampleEntry entry) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(entry, Json)));

    private static T Read<T>(string name)
    {
        var resource = $"{typeof(KnowledgeSeed).Namespace}.Samples.{name}.json";
        using var stream = typeof(KnowledgeSeed).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The sample file {resource} is not in the assembly.");
        return JsonSerializer.Deserialize<T>(stream, Json)
            ?? throw new InvalidOperationException($"The sample file {resource} is empty.");
    }

    private sealed record SampleFile(string Tenant, string Locale, SampleEntry[] Entries);

    private sealed record SampleEntry(
        string Id,
        string Category,
        string Title,
        string[] Questions,
        string Answer,
        string Owner,
        DateOnly ValidFrom,
        string[] Tags,
        SampleTranslation? En)
    {
        /// <summary>Of an entry without an English text.</summary>
        public string[] EnglishQuestions { get; init; } = [];
    }

    private sealed record SampleTranslation(string Title, string[] Questions, string Answer);
}
