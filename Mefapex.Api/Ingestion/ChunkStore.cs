using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Data;
using Mefapex.Api.Ingestion.Chunking;
using Mefapex.Api.Ingestion.Readers;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Api.Knowledge.Search;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Mefapex.Api.Ingestion;

/// <summary>Writes the chunks of a version, their vectors and the columns they are searched by.</summary>
internal sealed class ChunkStore(IDbContextFactory<MefapexDb> contexts, NpgsqlDataSource dataSource)
{
    public const int IndexBatch = 25;

    private const int WriteBatch = 50;

    /// <summary>Puts these chunks in place of whatever the version had.</summary>
    /// <returns>How many there are; null when the lease is lost.</returns>
    public async Task<int?> ReplaceAsync(
        DocumentVersion job, ExtractedText extracted, string locale, Pace pace, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginScopedAsync(cancellationToken);
        if (!await HoldAsync(connection, job, cancellationToken))
            return null;
        await using (var delete = new NpgsqlCommand(
            "delete from document_chunks where tenant_id = $1 and document_id = $2 and version = $3", connection))
        {
            delete.Parameters.AddWithValue(job.TenantId);
            delete.Parameters.AddWithValue(job.DocumentId);
            delete.Parameters.AddWithValue(job.Version);
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        var position = 0;
        await MakeRoomAsync(connection, "new_chunks", "document_chunks", cancellationToken);
        await using (var copy = await connection.BeginBinaryImportAsync(
            """
            copy new_chunks (tenant_id, document_id, version, position, page, heading, "offset", text, text_hash, language,
                original_search, folded_search) from stdin (format binary)
            """, cancellationToken))
        {
            foreach (var chunk in Chunker.Of(extracted))
            {
                var text = extracted.Text.Substring(chunk.Offset, chunk.Length);
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(job.TenantId, cancellationToken);
                await copy.WriteAsync(job.DocumentId, cancellationToken);
                await copy.WriteAsync(job.Version, cancellationToken);
                await copy.WriteAsync(position++, cancellationToken);
                if (chunk.Page is { } page)
                    await copy.WriteAsync(page, cancellationToken);
                else
                    await copy.WriteNullAsync(cancellationToken);
                if (chunk.Heading is { } heading)
                    await copy.WriteAsync(heading, cancellationToken);
                else
                    await copy.WriteNullAsync(cancellationToken);
                await copy.WriteAsync(chunk.Offset, cancellationToken);
                await copy.WriteAsync(text, cancellationToken);
                await copy.WriteAsync(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), cancellationToken);
                await copy.WriteAsync(LanguageGuess.Of(text, locale), cancellationToken);
                await copy.WriteAsync(NpgsqlTsVector.Empty, NpgsqlDbType.TsVector, cancellationToken);
                await copy.WriteAsync(NpgsqlTsVector.Empty, NpgsqlDbType.TsVector, cancellationToken);
                if (position % WriteBatch == 0)
                    await pace.RestAsync(cancellationToken);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await TakeInAsync(connection, "new_chunks", "document_chunks", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return position;
    }

    /// <summary>The chunks that still lack a vector of a model, in order; all of them while no model is known.</summary>
    public async Task<List<DocumentChunk>> WithoutVectorAsync(DocumentVersion job, string? modelHash, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await ChunksOf(db, job)
            .Where(c => !db.ChunkVectors.Any(v => v.TenantId == c.TenantId && v.DocumentId == c.DocumentId
                && v.Version == c.Version && v.Position == c.Position && v.ModelHash == modelHash))
            .OrderBy(c => c.Position)
            .ToListAsync(cancellationToken);
    }

    /// <summary>The model whose vectors the version has so far.</summary>
    public async Task<string?> ModelOfAsync(DocumentVersion job, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.ChunkVectors
            .Where(v => v.TenantId == job.TenantId && v.DocumentId == job.DocumentId && v.Version == job.Version)
            .Select(v => v.ModelHash)
            .FirstOrDefaultAsync(cancellationToken);
    }

    /// <returns>False when the lease is lost.</returns>
    public async Task<bool> AddVectorsAsync(
        DocumentVersion job,
        string modelHash,
        IReadOnlyList<DocumentChunk> chunks,
        IReadOnlyList<float[]> vectors,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginScopedAsync(cancellationToken);
        if (!await HoldAsync(connection, job, cancellationToken))
            return false;
        await MakeRoomAsync(connection, "new_vectors", "chunk_vectors", cancellationToken);
        await using (var copy = await connection.BeginBinaryImportAsync(
            "copy new_vectors (tenant_id, document_id, version, position, model_hash, values) from stdin (format binary)",
            cancellationToken))
        {
            for (var i = 0; i < chunks.Count; i++)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(job.TenantId, cancellationToken);
                await copy.WriteAsync(job.DocumentId, cancellationToken);
                await copy.WriteAsync(job.Version, cancellationToken);
                await copy.WriteAsync(chunks[i].Position, cancellationToken);
                await copy.WriteAsync(modelHash, cancellationToken);
                await copy.WriteAsync(vectors[i], cancellationToken);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await TakeInAsync(connection, "new_vectors", "chunk_vectors", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Fills the full-text columns of a version's chunks from a position on, at most <see cref="IndexBatch"/>.</summary>
    /// <returns>How many were filled.</returns>
    public static async Task<int> IndexAsync(
        MefapexDb db,
        Document document,
        int version,
        int from,
        CancellationToken cancellationToken)
    {
        var chunks = await db.DocumentChunks.AsNoTracking()
            .Where(c => c.TenantId == document.TenantId && c.DocumentId == document.Id && c.Version == version
                && c.Position >= from && c.Position < from + IndexBatch)
            .OrderBy(c => c.Position)
            .Select(c => new { c.Position, c.Heading, c.Text, c.Language })
            .ToListAsync(cancellationToken);
        int[] positions = [.. chunks.Select(c => c.Position)];
        string[] folded =
        [
            .. chunks.Select(c => SearchKey.VectorOf([(document.Title, 'A'), (c.Heading ?? "", 'A'), (c.Text, 'D')], c.Language)),
        ];
        await db.Database.ExecuteSqlAsync(
            $"""
            update document_chunks c
            set folded_search = s.folded::tsvector,
                original_search =
                    setweight(to_tsvector(s.config, {document.Title} || ' ' || coalesce(c.heading, '')), 'A') ||
                    setweight(to_tsvector(s.config, c.text), 'D')
            from (
                select x.position, x.folded, (case k.language when 'en' then 'english' else 'turkish' end)::regconfig as config
                from unnest({positions}, {folded}) as x (position, folded)
                join document_chunks k on k.tenant_id = {document.TenantId} and k.document_id = {document.Id}
                    and k.version = {version} and k.position = x.position
            ) s
            where c.tenant_id = {document.TenantId} and c.document_id = {document.Id} and c.version = {version}
                and c.position = s.position
            """, cancellationToken);
        return chunks.Count;
    }

    /// <summary>Fills the full-text columns of all chunks of the document's searched version, as after a new title.</summary>
    public static async Task IndexCurrentAsync(MefapexDb db, Document document, CancellationToken cancellationToken)
    {
        if (document.CurrentVersion is not { } version)
            return;
        int filled;
        for (var from = 0; (filled = await IndexAsync(db, document, version, from, cancellationToken)) > 0; from += filled)
        {
        }
    }

    public static IQueryable<DocumentChunk> ChunksOf(MefapexDb db, DocumentVersion version) => db.DocumentChunks.AsNoTracking()
        .Where(c => c.TenantId == version.TenantId && c.DocumentId == version.DocumentId && c.Version == version.Version);

    /// <summary>Tables with policies take no copies: rows are copied beside them and inserted from there.</summary>
    private static async Task MakeRoomAsync(NpgsqlConnection connection, string room, string table, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"create temporary table {room} (like {table}) on commit drop", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task TakeInAsync(NpgsqlConnection connection, string room, string table, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"insert into {table} select * from {room}", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Locks the version's row for this transaction if the job still has it.</summary>
    private static async Task<bool> HoldAsync(NpgsqlConnection connection, DocumentVersion job, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            select true from document_versions
            where tenant_id = $1 and document_id = $2 and version = $3 and leased_by = $4
            for update
            """, connection);
        command.Parameters.AddWithValue(job.TenantId);
        command.Parameters.AddWithValue(job.DocumentId);
        command.Parameters.AddWithValue(job.Version);
        command.Parameters.AddWithValue(job.LeasedBy!);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }
}
