using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Knowledge;

/// <summary>Documents as they are in the database when they can be searched.</summary>
internal static class DocumentRows
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Guid> AddAsync(ApiHost host, Guid tenantId, string title, string[] audience, params string[] chunks)
    {
        var now = TimeProvider.System.GetUtcNow();
        var document = new Document
        {
            TenantId = tenantId,
            Id = Guid.NewGuid(),
            Title = title,
            Category = "Belgeler",
            Owner = "Kalite",
            Audience = audience,
            Origin = "upload",
            NewestVersion = 1,
            Revision = 1,
            CreatedAt = now,
            UpdatedAt = now,
            UpdatedBy = "test",
        };
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            db.Documents.Add(document);
            await db.SaveChangesAsync(Cancellation);
        }

        await ReplaceAsync(host, tenantId, document.Id, version: 1, chunks);
        return document.Id;
    }

    /// <summary>Puts a new version live; the chunks of the old one stay.</summary>
    public static async Task ReplaceAsync(ApiHost host, Guid tenantId, Guid documentId, int version, params string[] chunks)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.WholeDatabase();
        db.DocumentVersions.Add(new DocumentVersion
        {
            TenantId = tenantId,
            DocumentId = documentId,
            Version = version,
            FileName = "test.md",
            MediaType = "text/markdown",
            Bytes = 1,
            Sha256 = "",
            StorageKey = Guid.NewGuid().ToString(),
            Step = "live",
            Status = "live",
            NextAttemptAt = now,
            CreatedAt = now,
            CreatedBy = "test",
        });
        db.DocumentChunks.AddRange(chunks.Select((text, position) => new DocumentChunk
        {
            TenantId = tenantId,
            DocumentId = documentId,
            Version = version,
            Position = position,
            Page = 1,
            Heading = "Genel",
            Offset = position * 1000,
            Text = text,
            TextHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))),
            Language = "tr",
        }));
        await db.SaveChangesAsync(Cancellation);
        foreach (var (text, position) in chunks.Select((text, position) => (text, position)))
        {
            var folded = SearchKey.VectorOf([("Genel", 'A'), (text, 'D')], "tr");
            await db.Database.ExecuteSqlAsync(
                $"""
                update document_chunks
                set folded_search = {folded}::tsvector,
                    original_search = setweight(to_tsvector('turkish', coalesce(heading, '')), 'A') || setweight(to_tsvector('turkish', text), 'D')
                where tenant_id = {tenantId} and document_id = {documentId} and version = {version} and position = {position}
                """, Cancellation);
        }

        await db.Documents.Where(d => d.TenantId == tenantId && d.Id == documentId)
            .ExecuteUpdateAsync(d => d.SetProperty(x => x.CurrentVersion, version), Cancellation);
        await KnowledgeWriter.BumpVersionAsync(db, tenantId, now, Cancellation);
    }

    public static async Task RemoveAsync(ApiHost host, Guid tenantId, Guid documentId)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.WholeDatabase();
        await db.Documents.Where(d => d.TenantId == tenantId && d.Id == documentId).ExecuteDeleteAsync(Cancellation);
        await KnowledgeWriter.BumpVersionAsync(db, tenantId, TimeProvider.System.GetUtcNow(), Cancellation);
    }

    public static VectorKey Key(Guid documentId, int version, int position) =>
        new(VectorOwner.Document(documentId), IndexedText.Chunk, version, position);
}
