using Npgsql;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>What PostgreSQL finds for a question: full text in the original and in the folded form, and trigrams.</summary>
internal sealed class CandidateQuery(NpgsqlDataSource dataSource)
{
    private const string FullText = "full_text";
    private const string Keywords = "keywords";
    private const string Synonyms = "synonyms";
    private const string Trigram = "trigram";
    private const string Version = "version";

    private const string Sql =
        """
        with q as (
            select
                replace(plainto_tsquery('turkish', $2)::text, '&', '|')::tsquery as turkish,
                replace(plainto_tsquery('english', $2)::text, '&', '|')::tsquery as english
        ), found as not materialized (
            select t.entry_id, t.language, t.original_search, t.folded_search
            from knowledge_texts t
            join knowledge_entries e on e.tenant_id = t.tenant_id and e.id = t.entry_id
            where t.tenant_id = $1 and e.published_version is not null and e.valid_from <= $4 and (e.expires_on is null or e.expires_on >= $4)
                and (e.audience = '{}' or e.audience && $10)
        )
        (
            select 'full_text' as stage, f.entry_id,
                max(ts_rank(f.original_search, case f.language when 'en' then q.english else q.turkish end, 1))::float8 as score
            from found f, q
            where (f.language <> 'en' and f.original_search @@ q.turkish) or (f.language = 'en' and f.original_search @@ q.english)
            group by f.entry_id order by score desc, f.entry_id limit $5
        )
        union all
        (
            select 'keywords', m.entry_id, sum(m.weight) as score
            from (
                select f.entry_id, k.term, sum(k.weight * ts_rank(f.folded_search, k.query::tsquery)) as weight
                from unnest($6::int[], $7::text[], $8::float8[]) as k (term, query, weight)
                join found f on f.folded_search @@ k.query::tsquery
                group by f.entry_id, k.term
            ) m
            group by m.entry_id order by score desc, m.entry_id limit $5
        )
        union all
        (
            select 'synonyms', f.entry_id, max(ts_rank(f.folded_search, $9::tsquery, 1))::float8 as score
            from found f
            where f.folded_search @@ $9::tsquery
            group by f.entry_id order by score desc, f.entry_id limit $5
        )
        union all
        (
            select 'trigram', p.entry_id, max(similarity(p.folded, $3))::float8 as score
            from (
                select entry_id, folded from knowledge_questions where tenant_id = $1 and folded % $3
                union all
                select entry_id, folded_title from knowledge_texts where tenant_id = $1 and folded_title % $3
            ) p
            join knowledge_entries e on e.tenant_id = $1 and e.id = p.entry_id
            where e.published_version is not null and e.valid_from <= $4 and (e.expires_on is null or e.expires_on >= $4)
                and (e.audience = '{}' or e.audience && $10)
            group by p.entry_id order by score desc, p.entry_id limit $5
        )
        union all
        select 'version', '', version::float8 from knowledge_bases where tenant_id = $1
        """;

    /// <param name="today">Entries that are valid from a later day are not found.</param>
    /// <param name="limit">The most candidates of each stage.</param>
    public async Task<StageCandidates> RunAsync(
        Guid tenantId,
        Reader reader,
        Question question,
        DateOnly today,
        int limit,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        // A batch is one implicit transaction, which the threshold lives as long as.
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new("select set_config('pg_trgm.similarity_threshold', '0.2', true)"));
        batch.BatchCommands.Add(new(Sql)
        {
            Parameters =
            {
                new() { Value = tenantId },
                new() { Value = question.Keywords },
                new() { Value = question.Folded },
                new() { Value = today },
                new() { Value = limit },
                new() { Value = question.SearchKeys.Select(k => k.Word).ToArray() },
                new() { Value = question.SearchKeys.Select(k => k.Query).ToArray() },
                new() { Value = question.SearchKeys.Select(k => k.Weight).ToArray() },
                new() { Value = question.SynonymQuery },
                new() { Value = reader.Keys },
            },
        });

        // Planning takes longer than running; the plan stays with the pooled connection.
        await batch.PrepareAsync(cancellationToken);
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        await rows.NextResultAsync(cancellationToken);
        var version = 0L;
        var stages = new Dictionary<string, List<StageHit>>(StringComparer.Ordinal)
        {
            [FullText] = [],
            [Keywords] = [],
            [Synonyms] = [],
            [Trigram] = [],
        };
        while (await rows.ReadAsync(cancellationToken))
        {
            var stage = rows.GetString(0);
            if (stage == Version)
                version = (long)rows.GetDouble(2);
            else
                stages[stage].Add(new StageHit(rows.GetString(1), rows.GetDouble(2)));
        }

        return new StageCandidates(version, stages[FullText], stages[Keywords], stages[Synonyms], stages[Trigram]);
    }
}

/// <summary>An entry and its score in one stage, each stage on a scale of its own.</summary>
internal readonly record struct StageHit(string EntryId, double Score);

/// <summary>Hits of each stage, best first, with the knowledge version they were read at.</summary>
internal sealed record StageCandidates(
    long Version,
    IReadOnlyList<StageHit> FullText,
    IReadOnlyList<StageHit> Keywords,
    IReadOnlyList<StageHit> Synonyms,
    IReadOnlyList<StageHit> Trigram);
