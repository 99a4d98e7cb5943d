using Mefapex.Api.Data;
using Npgsql;
using NpgsqlTypes;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>The vectors that PostgreSQL keeps, so that a restart embeds nothing again.</summary>
internal sealed class VectorStore(NpgsqlDataSource dataSource)
{
    /// <summary>The vectors there are of these texts.</summary>
    public async Task<Dictionary<IndexedText, float[]>> LoadAsync(
        Guid tenantId, string modelHash, IReadOnlyCollection<IndexedText> texts, CancellationToken cancellationToken)
    {
        var found = new Dictionary<IndexedText, float[]>(ReferenceEqualityComparer.Instance);
        var entries = texts.Where(t => t.Key.Owner.Source == VectorSource.Entries).ToDictionary(t => (t.Key.Owner.Id, t.Hash));
        var chunks = texts.Where(t => t.Key.Owner.Source == VectorSource.Chunks).ToDictionary(t => t.Key);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginScopedAsync(cancellationToken);
        if (entries.Count > 0)
        {
            await using var command = Command(
                connection,
                "select entry_id, text_hash, values from knowledge_vectors where tenant_id = $1 and model_hash = $2 and entry_id = any ($3)",
                tenantId, modelHash, entries.Keys.Select(k => k.Id).Distinct().ToArray());
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                if (entries.TryGetValue((rows.GetString(0), rows.GetString(1)), out var text))
                    found[text] = rows.GetFieldValue<float[]>(2);
            }
        }

        if (chunks.Count > 0)
        {
            await using var command = Command(
                connection,
                "select document_id, version, position, values from chunk_vectors where tenant_id = $1 and model_hash = $2 and document_id = any ($3)",
                tenantId, modelHash, chunks.Keys.Select(k => Guid.Parse(k.Owner.Id)).Distinct().ToArray());
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                var key = new VectorKey(VectorOwner.Document(rows.GetGuid(0)), IndexedText.Chunk, rows.GetInt32(1), rows.GetInt32(2));
                if (chunks.TryGetValue(key, out var text))
                    found[text] = rows.GetFieldValue<float[]>(3);
            }
        }

        return found;
    }

    /// <summary>Keeps new vectors. Another replica may have stored the same meanwhile; what was removed takes none.</summary>
    public async Task SaveAsync(
        Guid tenantId, string modelHash, IReadOnlyList<(IndexedText Text, float[] Values)> made, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginScopedAsync(cancellationToken);
        await ExecuteAsync(
            connection,
            "create temporary table made (owner text, hash text, kind text, version integer, part integer, values real[]) on commit drop",
            cancellationToken);
        await using (var copy = await connection.BeginBinaryImportAsync("copy made from stdin (format binary)", cancellationToken))
        {
            foreach (var (text, values) in made)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(text.Key.Owner.Id, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(text.Hash, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(text.Key.Kind, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(text.Key.Version, NpgsqlDbType.Integer, cancellationToken);
                await copy.WriteAsync(text.Key.Part, NpgsqlDbType.Integer, cancellationToken);
                await copy.WriteAsync(values, NpgsqlDbType.Array | NpgsqlDbType.Real, cancellationToken);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await ExecuteAsync(
            connection,
            """
            insert into knowledge_vectors (tenant_id, entry_id, model_hash, text_hash, kind, values)
            select $1, m.owner, $2, m.hash, m.kind, m.values from made m
            where m.kind <> 'chunk' and exists (select from knowledge_entries e where e.tenant_id = $1 and e.id = m.owner)
            on conflict do nothing
            """,
            cancellationToken,
            tenantId,
            modelHash);
        await ExecuteAsync(
            connection,
            """
            insert into chunk_vectors (tenant_id, document_id, version, position, model_hash, values)
            select $1, m.owner::uuid, m.version, m.part, $2, m.values from made m
            where m.kind = 'chunk' and exists (
                select from document_chunks c
                where c.tenant_id = $1 and c.document_id = m.owner::uuid and c.version = m.version and c.position = m.part)
            on conflict do nothing
            """,
            cancellationToken,
            tenantId,
            modelHash);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Removes the owners' vectors of other models, other texts and other versions of a document.</summary>
    public async Task RemoveStaleAsync(
        Guid tenantId,
        string modelHash,
        IReadOnlyCollection<VectorOwner> owners,
        IReadOnlyCollection<IndexedText> texts,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginScopedAsync(cancellationToken);
        var entries = texts.Where(t => t.Key.Owner.Source == VectorSource.Entries).ToList();
        await ExecuteAsync(
            connection,
            """
            delete from knowledge_vectors v
            where v.tenant_id = $1 and v.entry_id = any ($3) and (v.model_hash <> $2 or not exists (
                select from unnest($4::text[], $5::text[]) as x (entry_id, text_hash)
                where x.entry_id = v.entry_id and x.text_hash = v.text_hash))
            """,
            cancellationToken,
            tenantId,
            modelHash,
            owners.Where(o => o.Source == VectorSource.Entries).Select(o => o.Id).ToArray(),
            entries.Select(t => t.Key.Owner.Id).ToArray(),
            entries.Select(t => t.Hash).ToArray());
        await ExecuteAsync(
            connection,
            """
            delete from chunk_vectors v using documents d
            where v.tenant_id = $1 and v.document_id = any ($3) and d.tenant_id = $1 and d.id = v.document_id
                and (v.model_hash <> $2 or v.version is distinct from d.current_version)
            """,
            cancellationToken,
            tenantId,
            modelHash,
            owners.Where(o => o.Source == VectorSource.Chunks).Select(o => Guid.Parse(o.Id)).ToArray());
        await transaction.CommitAsync(cancellationToken);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = Command(connection, sql, values);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
