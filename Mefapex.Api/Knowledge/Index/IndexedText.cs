using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Documents;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>A text that the index should have a vector of.</summary>
/// <param name="Hash">sha256 of the text, lower-case hex.</param>
internal sealed record IndexedText(VectorKey Key, IReadOnlyCollection<string> Audience, string Text, string Hash)
{
    /// <summary>Kind of a document's chunk.</summary>
    public const string Chunk = "chunk";

    /// <summary>Titles, questions and answers of published entries, equal ones of an entry once.</summary>
    public static async Task<List<IndexedText>> OfEntriesAsync(
        MefapexDb db, Guid tenantId, IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        var entries = await db.KnowledgeEntries.AsNoTracking()
            .Where(e => e.TenantId == tenantId && e.PublishedVersion != null && ids.Contains(e.Id))
            .Include(e => e.Texts)
            .Include(e => e.Questions)
            .OrderBy(e => e.Id)
            .AsSplitQuery()
            .ToListAsync(cancellationToken);
        return [.. entries.SelectMany(Of)];
    }

    /// <summary>Chunks of the version of each document that is searched.</summary>
    public static async Task<List<IndexedText>> OfDocumentsAsync(
        MefapexDb db, Guid tenantId, IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var chunks = await db.DocumentChunks.AsNoTracking()
            .Join(
                db.Documents,
                c => new { c.TenantId, Id = c.DocumentId, Version = (int?)c.Version },
                d => new { d.TenantId, d.Id, Version = d.CurrentVersion },
                (chunk, document) => new { Chunk = chunk, document.Audience })
            .Where(x => x.Chunk.TenantId == tenantId && ids.Contains(x.Chunk.DocumentId))
            .OrderBy(x => x.Chunk.DocumentId).ThenBy(x => x.Chunk.Position)
            .Select(x => new { x.Chunk.DocumentId, x.Chunk.Version, x.Chunk.Position, x.Chunk.Heading, x.Chunk.Text, x.Audience })
            .ToListAsync(cancellationToken);
        return
        [
            .. chunks.Select(c => Of(
                new VectorKey(VectorOwner.Document(c.DocumentId), Chunk, c.Version, c.Position),
                c.Audience,
                c.Heading is null ? c.Text : $"{c.Heading}\n{c.Text}")),
        ];
    }

    /// <param name="entry">With its texts and questions.</param>
    public static IEnumerable<IndexedText> Of(KnowledgeEntry entry)
    {
        var texts = entry.Texts.OrderBy(t => t.Language, StringComparer.Ordinal).ToList();
        return texts.Select(t => (KnowledgeVector.Title, t.Title))
            .Concat(entry.Questions.OrderBy(q => q.Language, StringComparer.Ordinal).ThenBy(q => q.Position)
                .Select(q => (KnowledgeVector.Question, q.Text)))
            .Concat(texts.Select(t => (KnowledgeVector.Answer, t.Answer)))
            .Select((t, part) => Of(new VectorKey(VectorOwner.Entry(entry.Id), t.Item1, 0, part), entry.Audience, t.Item2))
            .DistinctBy(t => t.Hash, StringComparer.Ordinal);
    }

    private static IndexedText Of(VectorKey key, string[] audience, string text) =>
        new(key, audience, text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
}
