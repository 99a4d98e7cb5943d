using System.Security.Cryptography;
using System.Text.Json;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Search;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge;

/// <summary>
/// Loads the sample knowledge of the sample tenants. What is there and unchanged is left alone; an entry that a person
/// has written or changed is never touched.
/// </summary>
internal static class KnowledgeSeed
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task ApplyAsync(MefapexDb db, TimeProvider time, CancellationToken cancellationToken)
    {
        var contacts = Read<Dictionary<string, Dictionary<string, string>>>("contacts");
        var variants = Read<Dictionary<string, string[]>>("variants");
        var synonyms = Read<Dictionary<string, string[][]>>("synonyms").Values.SelectMany(groups => groups).ToArray();
        foreach (var (slug, contact) in contacts)
        {
            var tenant = await db.Tenants.AsNoTracking().SingleOrDefaultAsync(t => t.Slug == slug, cancellationToken);
            if (tenant is null)
                continue;
            var file = Read<SampleFile>(slug);
            var sample = file with { Entries = Array.ConvertAll(file.Entries, e => WithVariants(e, variants)) };
            await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                db.ChangeTracker.Clear();
                await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
                await ApplyAsync(db, tenant.Id, sample, synonyms, contact, time.GetUtcNow(), cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            });
        }
    }

    private static async Task ApplyAsync(
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
            .Include(e => e.Texts)
            .Include(e => e.Questions)
            .Where(e => e.TenantId == tenantId)
            .AsSplitQuery()
            .ToDictionaryAsync(e => e.Id, StringComparer.Ordinal, cancellationToken);
        var written = new List<KnowledgeEntry>();
        foreach (var entry in sample.Entries)
        {
            var hash = Hash(entry);
            if (stored.TryGetValue(entry.Id, out var known) && (known.SampleHash is null || known.SampleHash == hash))
                continue;
            written.Add(await WriteAsync(db, known, tenantId, entry, hash, now, cancellationToken));
        }

        var ids = sample.Entries.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        var gone = stored.Values.Where(e => e.SampleHash is not null && !ids.Contains(e.Id)).ToList();
        db.KnowledgeEntries.RemoveRange(gone);
        await db.SaveChangesAsync(cancellationToken);

        if (written.Count > 0)
            await KnowledgeWriter.RefreshSearchAsync(db, tenantId, written, cancellationToken);
        if (changed || written.Count > 0 || gone.Count > 0)
            await KnowledgeWriter.BumpVersionAsync(db, tenantId, now, cancellationToken);
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

    private static async Task<KnowledgeEntry> WriteAsync(
        MefapexDb db,
        KnowledgeEntry? known,
        Guid tenantId,
        SampleEntry sample,
        string hash,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var entry = known ?? new KnowledgeEntry
        {
            TenantId = tenantId,
            Id = sample.Id,
            Category = sample.Category,
            Owner = sample.Owner,
            ValidFrom = sample.ValidFrom,
            Tags = sample.Tags,
            Status = KnowledgeEntry.Published,
            Version = 0,
            UpdatedAt = now,
        };
        entry.Category = sample.Category;
        entry.Owner = sample.Owner;
        entry.ValidFrom = sample.ValidFrom;
        entry.Tags = sample.Tags;
        entry.Version++;
        entry.SampleHash = hash;
        entry.UpdatedAt = now;
        if (known is null)
        {
            db.KnowledgeEntries.Add(entry);
        }
        else
        {
            // Rows with the keys of the new ones must be gone before those are inserted.
            db.RemoveRange(entry.Texts);
            db.RemoveRange(entry.Questions);
            await db.SaveChangesAsync(cancellationToken);
        }

        EntryContent[] contents =
        [
            new("tr", sample.Title, sample.Questions, sample.Answer),
            .. sample.En is { } en ? [new EntryContent("en", en.Title, en.Questions, en.Answer)] : Array.Empty<EntryContent>(),
        ];
        KnowledgeWriter.Replace(entry, contents);
        return entry;
    }

    /// <summary>Adds the further wordings of <c>variants.json</c> to the Turkish questions.</summary>
    private static SampleEntry WithVariants(SampleEntry entry, Dictionary<string, string[]> variants) =>
        variants.TryGetValue(entry.Id, out var more) ? entry with { Questions = [.. entry.Questions, .. more] } : entry;

    /// <summary>Changes with the sample and with the way in which search columns are made.</summary>
    private static string Hash(SampleEntry entry) => Convert.ToHexStringLower(SHA256.HashData(
        JsonSerializer.SerializeToUtf8Bytes(new { SearchKey.Format, entry }, Json)));

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
        SampleTranslation? En);

    private sealed record SampleTranslation(string Title, string[] Questions, string Answer);
}
