using Mefapex.Api.Data;
using Npgsql;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>
/// What PostgreSQL finds for a question, entries and chunks in one round trip each: by full text in the original and in the
/// folded form, entries also by trigrams. Full text first finds and weighs rows by the index alone and ranks only the best of them in
/// the original form, because ranking has to unpack a row's whole vector. The searches are functions of the database, see the
/// migration that makes them.
/// </summary>
internal sealed class CandidateQuery(NpgsqlDataSource dataSource, LexemeStatistics statistics)
{
    /// <summary>Rows that full text may visit, in either table.</summary>
    private const int RowBudget = 200;

    private const string Entries = "select * from search_entries($1, $2, $3, $4, $5, $6, $7)";

    private const string Trigrams = "select * from search_similar($1, $2, $3, $4)";

    /// <summary>Scores texts that stand in no table as <see cref="Entries"/> does those that do.</summary>
    private const string SupposedEntries =
        """
        with q as materialized (
            select
                replace(plainto_tsquery('turkish', $1)::text, '&', '|')::tsquery as turkish,
                replace(plainto_tsquery('english', $1)::text, '&', '|')::tsquery as english
        ), keys as materialized (
            select query::tsquery as query, weight, is_synonym
            from unnest($2::text[], $3::float8[], $4::bool[]) as k (query, weight, is_synonym)
        ), texts as materialized (
            select entry_id, language, folded::tsvector as folded, original::tsvector as original
            from unnest($5::text[], $6::text[], $7::text[], $8::text[]) as t (entry_id, language, folded, original)
        )
        select t.entry_id,
            ts_rank(t.original, case t.language when 'en' then q.english else q.turkish end, 1)::float8,
            m.weight,
            coalesce(m.synonyms, 0)
        from texts t
        cross join q
        cross join lateral (
            select sum(k.weight) as weight, sum(k.weight) filter (where k.is_synonym) as synonyms
            from keys k where t.folded @@ k.query
        ) m
        where m.weight is not null
        """;

    private const string SupposedTrigrams =
        """
        select p.entry_id, max(similarity(p.folded, $1))::float8 as score
        from unnest($2::text[], $3::text[]) as p (entry_id, folded)
        where p.folded % $1
        group by p.entry_id
        """;

    private const string Chunks =
        """
        select f.document_id, f.version, f.position, d.title, d.category, d.owner, c.page, c.heading, c."offset", c.text, c.language,
            f.fused, f.full_text, f.keywords, f.cosine
        from search_chunks($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) f
        join documents d on d.tenant_id = $1 and d.id = f.document_id and d.current_version = f.version
        join document_chunks c
            on c.tenant_id = $1 and c.document_id = f.document_id and c.version = f.version and c.position = f.position
        where d.audience = '{}' or d.audience && $3
        order by f.fused desc, f.document_id, f.position
        """;

    /// <param name="today">Entries that are valid from a later day, or up to an earlier one, are not found.</param>
    /// <param name="limit">The most candidates of each stage.</param>
    /// <param name="trigrams">Whether entries are looked for by trigrams too.</param>
    /// <param name="supposed">Null to look for what is stored.</param>
    public async Task<StageCandidates> EntriesAsync(
        Guid tenantId,
        Reader reader,
        Question question,
        DateOnly today,
        int limit,
        bool trigrams,
        Supposition? supposed,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var batch = NewBatch(connection);
        batch.BatchCommands.Add(Command("select version from knowledge_bases where tenant_id = $1", tenantId));
        batch.BatchCommands.Add(OfEntries(reader, question, today, limit));
        if (trigrams)
            batch.BatchCommands.Add(Command(Trigrams, question.Folded, reader.Keys, today, limit));

        var changes = supposed is { Changed.Count: > 0 } ? supposed : null;
        if (changes is not null)
        {
            batch.BatchCommands.Add(OfSupposed(question, changes));
            batch.BatchCommands.Add(Command(
                SupposedTrigrams,
                question.Folded,
                changes.Phrases.Select(p => p.EntryId).ToArray(),
                changes.Phrases.Select(p => p.Folded).ToArray()));
        }

        await batch.PrepareAsync(cancellationToken);
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        await rows.NextResultAsync(cancellationToken);
        await rows.NextResultAsync(cancellationToken);
        var version = await rows.ReadAsync(cancellationToken) ? rows.GetInt64(0) : 0;
        await rows.NextResultAsync(cancellationToken);
        var entries = await ReadEntriesAsync(rows, cancellationToken);
        var similar = new List<StageHit>();
        if (trigrams)
        {
            await rows.NextResultAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
                similar.Add(new StageHit(rows.GetString(0), rows.GetDouble(1)));
        }

        if (changes is not null)
        {
            foreach (var id in changes.Changed)
                entries.Remove(id);
            similar.RemoveAll(h => changes.Changed.Contains(h.EntryId));
            await rows.NextResultAsync(cancellationToken);
            foreach (var (id, scores) in await ReadEntriesAsync(rows, cancellationToken))
                entries.Add(id, scores);
            await rows.NextResultAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                if (trigrams)
                    similar.Add(new StageHit(rows.GetString(0), rows.GetDouble(1)));
            }

            similar = [.. similar.OrderByDescending(h => h.Score).ThenBy(h => h.EntryId, StringComparer.Ordinal).Take(limit)];
        }

        return new StageCandidates(
            version,
            Stage(entries, e => e.Value.FullText, limit),
            Stage(entries, e => e.Value.Keywords, limit),
            Stage(entries, e => e.Value.Synonyms, limit),
            similar);
    }

    /// <param name="near">The chunks that the vector index found.</param>
    /// <param name="limit">The most chunks that full text adds to them.</param>
    /// <param name="most">The most chunks in all, best first.</param>
    public async Task<IReadOnlyList<ChunkHit>> ChunksAsync(
        Guid tenantId,
        Reader reader,
        Question question,
        IReadOnlyList<Index.VectorHit> near,
        int limit,
        int most,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var batch = NewBatch(connection);
        batch.BatchCommands.Add(OfChunks(tenantId, reader, question, near, limit, most));
        await batch.PrepareAsync(cancellationToken);
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        await rows.NextResultAsync(cancellationToken);
        await rows.NextResultAsync(cancellationToken);
        var chunks = new List<ChunkHit>();
        while (await rows.ReadAsync(cancellationToken))
            chunks.Add(ChunkHit.Read(rows));
        return chunks;
    }

    /// <summary>A batch is one implicit transaction, which settings made here live as long as. Plans that do not look at the
    /// parameters are as good, and making one anew takes longer than running it.</summary>
    private static NpgsqlBatch NewBatch(NpgsqlConnection connection)
    {
        var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(
            "select set_config('plan_cache_mode', 'force_generic_plan', true), set_config('pg_trgm.similarity_threshold', '0.2', true)"));
        batch.BatchCommands.Add(DataScope.BatchCommand());
        return batch;
    }

    private NpgsqlBatchCommand OfEntries(Reader reader, Question question, DateOnly today, int limit)
    {
        var plan = MatchPlan.Of(question.SearchKeys, statistics.Entries, RowBudget);
        return Command(
            Entries,
            question.Keywords,
            reader.Keys,
            today,
            2 * limit,
            plan.Queries,
            plan.Weights,
            plan.Synonyms);
    }

    private NpgsqlBatchCommand OfSupposed(Question question, Supposition supposed)
    {
        var plan = MatchPlan.Of(question.SearchKeys, statistics.Entries, RowBudget);
        return Command(
            SupposedEntries,
            question.Keywords,
            plan.Queries,
            plan.Weights,
            plan.Synonyms,
            supposed.Texts.Select(t => t.EntryId).ToArray(),
            supposed.Texts.Select(t => t.Language).ToArray(),
            supposed.Texts.Select(t => t.Folded).ToArray(),
            supposed.Texts.Select(t => t.Original).ToArray());
    }

    private NpgsqlBatchCommand OfChunks(
        Guid tenantId,
        Reader reader,
        Question question,
        IReadOnlyList<Index.VectorHit> near,
        int limit,
        int most)
    {
        var plan = MatchPlan.Of(question.SearchKeys, statistics.Chunks, RowBudget);
        return Command(
            Chunks,
            tenantId,
            question.Keywords,
            reader.Keys,
            limit,
            plan.Queries,
            plan.Weights,
            near.Select(h => Guid.Parse(h.Key.Owner.Id)).ToArray(),
            near.Select(h => h.Key.Version).ToArray(),
            near.Select(h => h.Key.Part).ToArray(),
            near.Select(h => (double)h.Cosine).ToArray(),
            Fusion.RankConstant,
            most);
    }

    /// <summary>An entry has a row for each language that was found.</summary>
    private static async Task<Dictionary<string, EntryScores>> ReadEntriesAsync(NpgsqlDataReader rows, CancellationToken cancellationToken)
    {
        var entries = new Dictionary<string, EntryScores>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellationToken))
        {
            var id = rows.GetString(0);
            var known = entries.GetValueOrDefault(id) ?? new EntryScores(0, 0, 0);
            entries[id] = new EntryScores(
                Math.Max(known.FullText, rows.GetDouble(1)),
                known.Keywords + rows.GetDouble(2),
                Math.Max(known.Synonyms, rows.GetDouble(3)));
        }

        return entries;
    }

    private static List<StageHit> Stage(
        Dictionary<string, EntryScores> entries, Func<KeyValuePair<string, EntryScores>, double> score, int limit) =>
    [
        .. entries.Select(e => new StageHit(e.Key, score(e)))
            .Where(h => h.Score > 0)
            .OrderByDescending(h => h.Score)
            .ThenBy(h => h.EntryId, StringComparer.Ordinal)
            .Take(limit),
    ];

    private static NpgsqlBatchCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }

    private sealed record EntryScores(double FullText, double Keywords, double Synonyms);
}

/// <summary>An entry and its score in one stage, each stage on a scale of its own.</summary>
internal readonly record struct StageHit(string EntryId, double Score);

/// <summary>A chunk with its document; the scores as in <see cref="PassageFeatures"/>.</summary>
internal sealed record ChunkHit(
    Guid DocumentId,
    int Version,
    int Position,
    string Title,
    string Category,
    string Owner,
    int? Page,
    string? Heading,
    int Offset,
    string Text,
    string Language,
    double Fused,
    double FullText,
    double Keywords,
    double Cosine)
{
    public static ChunkHit Read(NpgsqlDataReader rows) => new(
        rows.GetGuid(0),
        rows.GetInt32(1),
        rows.GetInt32(2),
        rows.GetString(3),
        rows.GetString(4),
        rows.GetString(5),
        rows.IsDBNull(6) ? null : rows.GetInt32(6),
        rows.IsDBNull(7) ? null : rows.GetString(7),
        rows.GetInt32(8),
        rows.GetString(9),
        rows.GetString(10),
        rows.GetDouble(11),
        rows.IsDBNull(12) ? 0 : rows.GetDouble(12),
        rows.IsDBNull(13) ? 0 : rows.GetDouble(13),
        rows.GetDouble(14));
}

/// <summary>Hits of each stage, best first, with the knowledge version they were read at.</summary>
internal sealed record StageCandidates(
    long Version,
    IReadOnlyList<StageHit> FullText,
    IReadOnlyList<StageHit> Keywords,
    IReadOnlyList<StageHit> Synonyms,
    IReadOnlyList<StageHit> Trigram);
