using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Data;
using Mefapex.Api.Ingestion;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Mefapex.Bench.Chat;

/// <summary>Fills a tenant with published entries and documents that are searched.</summary>
internal sealed class BenchKnowledge(NpgsqlDataSource dataSource)
{
    public const string Slug = "bench";

    private const int EntriesAtOnce = 100;
    private const int ChunksOfDocument = 50;
    private const int SentencesOfChunk = 9;

    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    /// <returns>The tenant.</returns>
    public async Task<Guid> FillAsync(
        IReadOnlyList<BenchTopic> topics, int chunks, Action<string> report, CancellationToken cancellationToken)
    {
        var tenantId = Guid.CreateVersion7();
        await using (var db = Open())
        {
            db.Tenants.Add(new Tenant { Id = tenantId, Slug = Slug, Name = "Bench", Locale = "tr" });
            await db.SaveChangesAsync(cancellationToken);
        }

        var done = 0;
        foreach (var batch in topics.Chunk(EntriesAtOnce))
        {
            await using var db = Open();
            await db.InTransactionAsync(async () =>
            {
                var published = batch.Select(topic => Entry(db, tenantId, topic)).ToList();
                await KnowledgeWriter.PublishAsync(db, tenantId, published, "bench", Now, cancellationToken);
                return true;
            }, cancellationToken);
            report(string.Create(CultureInfo.InvariantCulture, $"{done += batch.Length} of {topics.Count} entries"));
        }

        var sentences = topics.SelectMany(t => t.Known).Where(k => k.Language == "tr").Select(k => k.Text).Distinct(StringComparer.Ordinal).ToArray();
        for (var document = 0; document * ChunksOfDocument < chunks; document++)
        {
            await DocumentAsync(tenantId, document, Math.Min(ChunksOfDocument, chunks - (document * ChunksOfDocument)), sentences, cancellationToken);
            if (document % 20 == 19)
                report(string.Create(CultureInfo.InvariantCulture, $"{(document + 1) * ChunksOfDocument} of {chunks} chunks"));
        }

        await using (var db = Open())
            await KnowledgeWriter.BumpVersionAsync(db, tenantId, Now, cancellationToken);
        await using var analyze = dataSource.CreateCommand("vacuum analyze");
        analyze.CommandTimeout = 600;
        await analyze.ExecuteNonQueryAsync(cancellationToken);
        return tenantId;
    }

    private MefapexDb Open() => new(new DbContextOptionsBuilder<MefapexDb>().UseMefapex(dataSource).Options);

    private static (KnowledgeEntry, KnowledgeVersion) Entry(MefapexDb db, Guid tenantId, BenchTopic topic)
    {
        var entry = KnowledgeEntry.Of(tenantId, topic.Id);
        db.KnowledgeEntries.Add(entry);
        var english = topic.Known.Where(k => k.Language == "en").Select(k => k.Text).ToList();
        List<EntryContent> texts =
        [
            new("tr", topic.Title, [.. topic.Known.Where(k => k.Language == "tr").Select(k => k.Text)],
                $"{topic.Title} konusunda ilgili birim yardımcı olur. Başvurunuz **iki iş günü** içinde yanıtlanır; acele işlerde {Number(topic.Id)} dahili numarasını arayın."),
        ];
        if (english.Count > 0)
        {
            texts.Add(new("en", english[0], english,
                $"The department in charge helps with this. Your request is answered within **two working days**; call extension {Number(topic.Id)} when it is urgent."));
        }

        var draft = new EntryDraft(
            topic.Id.Split('-')[0], "Bench", new DateOnly(2026, 1, 1), null, [topic.Id.Split('-')[^1]], [], texts);
        return (entry, KnowledgeWriter.AddVersion(db, entry, draft, EntryStatus.Published, "bench", null, Now));
    }

    private async Task DocumentAsync(
        Guid tenantId, int number, int chunks, string[] sentences, CancellationToken cancellationToken)
    {
        await using var db = Open();
        var document = new Document
        {
            TenantId = tenantId,
            Id = Guid.CreateVersion7(),
            Title = string.Create(CultureInfo.InvariantCulture, $"Talimat {number + 1}: {sentences[number % sentences.Length]}"),
            Category = "Talimatlar",
            Owner = "Bench",
            Origin = "upload",
            CurrentVersion = 1,
            NewestVersion = 1,
            Revision = 1,
            CreatedAt = Now,
            UpdatedAt = Now,
            UpdatedBy = "bench",
        };
        document.Versions.Add(new DocumentVersion
        {
            TenantId = tenantId,
            DocumentId = document.Id,
            Version = 1,
            FileName = "talimat.md",
            MediaType = "text/markdown",
            Bytes = 0,
            Sha256 = Hash(document.Title),
            StorageKey = document.Id.ToString(),
            Step = "switch",
            Status = "live",
            NextAttemptAt = Now,
            CreatedAt = Now,
            CreatedBy = "bench",
            FinishedAt = Now,
        });
        db.Documents.Add(document);
        await db.SaveChangesAsync(cancellationToken);

#pragma warning disable CA5394 // A benchmark needs repeatable numbers, not secret ones.
        var random = new Random(number);
        var offset = 0;
        for (var position = 0; position < chunks; position++)
        {
            var text = string.Join(' ', Enumerable.Range(0, SentencesOfChunk).Select(_ => sentences[random.Next(sentences.Length)]))
                + string.Create(CultureInfo.InvariantCulture, $" Madde {number + 1}.{position + 1}: süre {random.Next(1, 90)} gündür.");
            db.DocumentChunks.Add(new DocumentChunk
            {
                TenantId = tenantId,
                DocumentId = document.Id,
                Version = 1,
                Position = position,
                Page = (position / 3) + 1,
                Heading = sentences[random.Next(sentences.Length)],
                Offset = offset,
                Text = text,
                TextHash = Hash(text),
                Language = "tr",
            });
            offset += text.Length + 1;
        }
#pragma warning restore CA5394

        await db.SaveChangesAsync(cancellationToken);
        await ChunkStore.IndexAsync(db, document, version: 1, from: 0, cancellationToken);
    }

    private static int Number(string id) => 1000 + (SHA256.HashData(Encoding.UTF8.GetBytes(id))[0] * 30);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
