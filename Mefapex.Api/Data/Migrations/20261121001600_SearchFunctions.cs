using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>
/// Searches as functions. Row-level security lets no text or trigram index be used, as their operators might tell of other
/// tenants' rows; so the searches run with the rights of the tables' owner, for the tenant of the transaction alone, and
/// return no texts but ids and scores.
/// </summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001600_SearchFunctions")]
internal sealed class SearchFunctions : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create function search_entries(
            p_keywords text, p_reader text[], p_today date, p_most int, p_queries text[], p_weights float8[], p_synonyms bool[])
        returns table (entry_id text, full_text float8, keywords float8, synonyms float8)
        language plpgsql stable security definer rows 40 set search_path = public, pg_temp as $$
        #variable_conflict use_column
        declare
            tenant constant uuid := nullif(current_setting('mefapex.tenant', true), '')::uuid;
        begin
            return query
            with q as materialized (
                select
                    replace(plainto_tsquery('turkish', p_keywords)::text, '&', '|')::tsquery as turkish,
                    replace(plainto_tsquery('english', p_keywords)::text, '&', '|')::tsquery as english
            ), matched as materialized (
                select t.entry_id, t.language, sum(k.weight) as weight, sum(k.weight) filter (where k.is_synonym) as synonyms
                from unnest(p_queries, p_weights, p_synonyms) as k (query, weight, is_synonym)
                join knowledge_texts t on t.folded_search @@ k.query::tsquery
                where t.tenant_id = tenant
                group by t.entry_id, t.language
            ), best as materialized (
                select m.entry_id, m.language, m.weight, m.synonyms
                from matched m
                join knowledge_entries e on e.tenant_id = tenant and e.id = m.entry_id
                where e.published_version is not null and e.valid_from <= p_today and (e.expires_on is null or e.expires_on >= p_today)
                    and (e.audience = '{}' or e.audience && p_reader)
                order by m.weight desc, m.entry_id, m.language limit p_most
            )
            select b.entry_id,
                ts_rank(t.original_search, case b.language when 'en' then q.english else q.turkish end, 1)::float8,
                b.weight,
                coalesce(b.synonyms, 0)
            from best b
            cross join q
            join knowledge_texts t on t.tenant_id = tenant and t.entry_id = b.entry_id and t.language = b.language;
        end $$;

        create function search_similar(p_folded text, p_reader text[], p_today date, p_most int)
        returns table (entry_id text, score float8)
        language plpgsql stable security definer rows 20 set search_path = public, pg_temp as $$
        #variable_conflict use_column
        declare
            tenant constant uuid := nullif(current_setting('mefapex.tenant', true), '')::uuid;
        begin
            return query
            select p.entry_id, max(similarity(p.folded, p_folded))::float8 as score
            from (
                select entry_id, folded from knowledge_questions where tenant_id = tenant and folded % p_folded
                union all
                select entry_id, folded_title from knowledge_texts where tenant_id = tenant and folded_title % p_folded
            ) p
            join knowledge_entries e on e.tenant_id = tenant and e.id = p.entry_id
            where e.published_version is not null and e.valid_from <= p_today and (e.expires_on is null or e.expires_on >= p_today)
                and (e.audience = '{}' or e.audience && p_reader)
            group by p.entry_id order by score desc, p.entry_id limit p_most;
        end $$;

        create function search_chunks(
            p_keywords text, p_reader text[], p_limit int, p_queries text[], p_weights float8[],
            p_documents uuid[], p_versions int[], p_positions int[], p_cosines float8[], p_rank_constant float8, p_most int)
        returns table (
            document_id uuid, version int, "position" int, fused float8, full_text float8, keywords float8, cosine float8)
        language plpgsql stable security definer rows 20 set search_path = public, pg_temp as $$
        #variable_conflict use_column
        declare
            tenant constant uuid := nullif(current_setting('mefapex.tenant', true), '')::uuid;
        begin
            return query
            with q as materialized (
                select
                    replace(plainto_tsquery('turkish', p_keywords)::text, '&', '|')::tsquery as turkish,
                    replace(plainto_tsquery('english', p_keywords)::text, '&', '|')::tsquery as english
            ), near as materialized (
                select h.document_id, h.version, h.position, h.cosine
                from unnest(p_documents, p_versions, p_positions, p_cosines) as h (document_id, version, position, cosine)
            ), matched as materialized (
                select c.document_id, c.version, c.position, sum(k.weight) as weight
                from unnest(p_queries, p_weights) as k (query, weight)
                join document_chunks c on c.folded_search @@ k.query::tsquery
                where c.tenant_id = tenant
                group by c.document_id, c.version, c.position
            ), best as materialized (
                select m.document_id, m.version, m.position
                from matched m
                join documents d on d.tenant_id = tenant and d.id = m.document_id and d.current_version = m.version
                where d.audience = '{}' or d.audience && p_reader
                order by m.weight desc, m.document_id, m.position limit p_limit
            ), ranked as materialized (
                select w.document_id, w.version, w.position,
                    ts_rank(c.original_search, case c.language when 'en' then q.english else q.turkish end, 1)::float8 as full_text,
                    coalesce(m.weight, 0) as keywords,
                    coalesce(n.cosine, 0) as cosine
                from (
                    select document_id, version, position from best
                    union
                    select document_id, version, position from near
                ) w
                cross join q
                join document_chunks c
                    on c.tenant_id = tenant and c.document_id = w.document_id and c.version = w.version and c.position = w.position
                left join matched m on m.document_id = w.document_id and m.version = w.version and m.position = w.position
                left join near n on n.document_id = w.document_id and n.version = w.version and n.position = w.position
            ), fused as materialized (
                select r.*,
                    max(full_text) over () as most_full_text,
                    max(keywords) over () as most_keywords,
                    case when full_text > 0 then 1.0 / (p_rank_constant + row_number() over (order by full_text desc, document_id, position)) else 0 end
                        + case when keywords > 0 then 1.0 / (p_rank_constant + row_number() over (order by keywords desc, document_id, position)) else 0 end
                        + case when cosine > 0 then 1.0 / (p_rank_constant + row_number() over (order by cosine desc, document_id, position)) else 0 end as fused
                from ranked r
                order by fused desc, document_id, position limit p_most
            )
            select f.document_id, f.version, f.position, f.fused::float8,
                (f.full_text / nullif(f.most_full_text, 0))::float8, (f.keywords / nullif(f.most_keywords, 0))::float8, f.cosine
            from fused f
            order by f.fused desc, f.document_id, f.position;
        end $$;

        revoke execute on function search_entries, search_similar, search_chunks from public;
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop function search_chunks;
        drop function search_similar;
        drop function search_entries;
        """);
}
