using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Versions of entries, which of them is published, and ids for synonym groups.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121000700_KnowledgeVersions")]
internal sealed class KnowledgeVersions : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table knowledge_entries
            add column published_version integer,
            add column revision integer not null default 1,
            add column search_format integer not null default 0,
            add column updated_by text not null default 'sample';
        alter table knowledge_entries
            alter column revision drop default,
            alter column search_format drop default,
            alter column updated_by drop default;
        update knowledge_entries set published_version = version where status = 'published';

        create table knowledge_versions (
            tenant_id        uuid not null,
            entry_id         text not null,
            version          integer not null,
            status           text not null,
            title            text not null,
            folded_title     text not null,
            folded           text not null,
            category         text not null,
            owner            text not null,
            valid_from       date not null,
            expires_on       date,
            tags             text[] not null,
            audience         text[] not null,
            languages        text[] not null,
            texts            jsonb not null,
            author           text not null,
            created_at       timestamp with time zone not null,
            note             text,
            published_by     text,
            published_at     timestamp with time zone,
            override_reason  text,
            constraint pk_knowledge_versions primary key (tenant_id, entry_id, version),
            constraint fk_knowledge_versions_tenant_id_entry_id foreign key (tenant_id, entry_id)
                references knowledge_entries (tenant_id, id) on delete cascade
        );
        create index ix_knowledge_versions_tenant_id_category on knowledge_versions (tenant_id, category);

        insert into knowledge_versions
        select e.tenant_id, e.id, e.version, e.status, coalesce(m.title, ''), coalesce(m.folded_title, ''), coalesce(f.folded, ''),
            e.category, e.owner, e.valid_from, e.expires_on, e.tags, e.audience,
            coalesce(x.languages, '{}'), coalesce(x.texts, '[]'), e.updated_by, e.updated_at, null,
            case e.status when 'published' then e.updated_by end, case e.status when 'published' then e.updated_at end, null
        from knowledge_entries e
        left join lateral (
            select t.title, t.folded_title from knowledge_texts t
            where t.tenant_id = e.tenant_id and t.entry_id = e.id order by t.language <> 'tr', t.language limit 1
        ) m on true
        left join lateral (
            select string_agg(f.folded, ' ') as folded from (
                select folded_title as folded from knowledge_texts t where t.tenant_id = e.tenant_id and t.entry_id = e.id
                union all
                select folded from knowledge_questions q where q.tenant_id = e.tenant_id and q.entry_id = e.id
            ) f
        ) f on true
        left join lateral (
            select array_agg(t.language order by t.language <> 'tr', t.language) as languages,
                jsonb_agg(jsonb_build_object('language', t.language, 'title', t.title, 'answer', t.answer, 'questions', coalesce((
                    select jsonb_agg(q.text order by q.position) from knowledge_questions q
                    where q.tenant_id = t.tenant_id and q.entry_id = t.entry_id and q.language = t.language), '[]'))
                    order by t.language <> 'tr', t.language) as texts
            from knowledge_texts t
            where t.tenant_id = e.tenant_id and t.entry_id = e.id
        ) x on true;

        alter table knowledge_synonyms add column id uuid not null default gen_random_uuid();
        alter table knowledge_synonyms alter column id drop default;
        create unique index ix_knowledge_synonyms_tenant_id_id on knowledge_synonyms (tenant_id, id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop index ix_knowledge_synonyms_tenant_id_id;
        alter table knowledge_synonyms drop column id;
        drop table knowledge_versions;
        delete from knowledge_entries where published_version is null;
        update knowledge_entries set status = 'published', version = published_version;
        alter table knowledge_entries
            drop column published_version, drop column revision, drop column search_format, drop column updated_by;
        """);
}
