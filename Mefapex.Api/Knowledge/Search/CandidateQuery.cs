using Npgsql;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>What PostgreSQL finds for a question: full text in the original and in the folded form, and trigrams.</summary>
internal sealed class CandidateQuery(NpgsqlDataSource dataSource)
{
    public const string FullText = "full_text";
    public const string Folded = "folded";
    public const string Trigram = "trigram";
    private const string Version = "version";

    private const string Sql =
        """
        with q as (
            select
                replace(plainto_tsquery('turkish', $2)::text, '&', '|')::tsquery as turkish,
                replace(plainto_tsquery('english', $2)::text, '&', '|')::tsquery as english,
                $3::tsquery as folded
        ), found as not materialized (
            select t.entry_id, t.language, t.original_search, t.folded_search
            from knowledge_texts t
            join knowledge_entries e on e.tenant_id = t.tenant_id and e.id = t.entry_id
            where t.tenant_id = $1 and e.status = 'published' and e.valid_from <= $5
        )
        (
            select 'full_text' as stage, f.entry_id,
                max(ts_rank(f.original_search, case f.language when 'en' then q.english else q.turkish end, 1))::float8 as score
            from found f, q
            where (f.language <> 'en' and f.original_search @@ q.turkish) or (f.language = 'en' and f.original_search @@ q.english)
            group by f.entry_id order by score desc, f.entry_id limit $6
        )
        union all
        (
            select 'folded', f.entry_id, max(ts_rank(f.folded_search, q.folded, 1))::float8 as score
            from found f, q
            where f.folded_search @@ q.folded
            group by f.entry_id order by score desc, f.entry_id limit $6
        )
        union all
        (
            select 'trigram', p.entry_id, max(similarity(p.folded, $4))::float8 as score
            from (
                select entry_id, folded from knowledge_questions where tenant_id = $1 and folded % $4
                union all
                select entry_id, folded_title from knowledge_texts where tenant_id = $1 and folded_title % $4
            ) p
            join knowledge_entries e on e.tenant_id = $1 and e.id = p.entry_id
            where e.status = 'published' and e.valid_from <= $5
            group by p.entry_id order by score desc, p.entry_id limit $6
        )
        union all
        select 'version', '', version::float8 from knowledge_bases where tenant_id = $1
        """;

    /// <param name="keywords">The question's words as typed, for PostgreSQL's own stemming.</param>
    /// <param name="foldedQuery">A tsquery over folded keys, see <see cref="SearchKeys.Query"/>; null for none.</param>
    /// <param name="folded">The whole question, folded.</param>
    /// <param name="today">Entries that are valid from a later day are not found.</param>
    /// <param name="limit">The most candidates of each stage.</param>
    public async Task<StageCandidates> RunAsync(
        Guid tenantId,
        string keywords,
        string? foldedQuery,
        string folded,
        DateOnly today,
        int limit,
        CancellationToken cancellationToken)
    {
        await using var batch = dataSource.CreateBatch();
        // A batch is one implicit transaction, which the threshold lives as long as.
        batch.BatchCommands.Add(new("select set_config('pg_trgm.similarity_threshold', '0.2', true)"));
        batch.BatchCommands.Add(new(Sql)
        {
            Parameters =
            {
                new() { Value = tenantId },
                new() { Value = keywords },
                new() { Value = foldedQuery ?? "" },
                new() { Value = folded },
                new() { Value = today },
                new() { Value = limit },
            },
        });

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var version = 0L;
        var stages = new Dictionary<string, List<StageHit>>(StringComparer.Ordinal)
        {
            [FullText] = [],
            [Folded] = [],
            [Trigram] = [],
        };
        while (await reader.ReadAsync(cancellationToken))
        {
            var stage = reader.GetString(0);
            if (stage == Version)
                version = (long)reader.GetDouble(2);
            else
                stages[stage].Add(new StageHit(reader.GetString(1), reader.GetDouble(2)));
        }

        return new StageCandidates(version, stages[FullText], stages[Folded], stages[Trigram]);
    }
}

/// <summary>An entry and its score in one stage, each stage on a scale of its own.</summary>
internal readonly record struct StageHit(string EntryId, double Score);

/// <summary>Hits of each stage, best first, with the knowledge version they were read at.</summary>
internal sealed record StageCandidates(
    long Version,
    IReadOnlyList<StageHit> FullText,
    IReadOnlyList<StageHit> Folded,
    IReadOnlyList<StageHit> Trigram);
