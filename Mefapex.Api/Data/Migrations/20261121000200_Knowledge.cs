using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Knowledge entries, what they are found by, and their vectors.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121000200_Knowledge")]
internal sealed class Knowledge : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create extension if not exists pg_trgm;

        create table knowledge_bases (
            tenant_id   uuid not null,
            version     bigint not null,
            contact_tr  text not null,
            contact_en  text not null,
            updated_at  timestamp with time zone not null,
            constraint pk_knowledge_bases primary key (tenant_id),
            constraint fk_knowledge_bases_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );

        create table knowledge_entries (
            tenant_id    uuid not null,
            id           text not null,
            category     text not null,
            owner        text not null,
            valid_from   date not null,
            tags         text[] not null,
            status       text not null,
            version      integer not null,
            sample_hash  text,
            updated_at   timestamp with time zone not null,
            constraint pk_knowledge_entries primary key (tenant_id, id),
            constraint fk_knowledge_entries_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );

        create table knowledge_texts (
            tenant_id        uuid not null,
            entry_id         text not null,
            language         text not null,
            title            text not null,
            folded_title     text not null,
            answer           text not null,
            original_search  tsvector not null,
            folded_search    tsvector not null,
            constraint pk_knowledge_texts primary key (tenant_id, entry_id, language),
            constraint fk_knowledge_texts_tenant_id_entry_id foreign key (tenant_id, entry_id)
                references knowledge_entries (tenant_id, id) on delete cascade
        );
        create index ix_knowledge_texts_original_search on knowledge_texts using gin (original_search);
        create index ix_knowledge_texts_folded_search on knowledge_texts using gin (folded_search);
        create index ix_knowledge_texts_folded_title on knowledge_texts using gin (folded_title gin_trgm_ops);

        create table knowledge_questions (
            tenant_id  uuid not null,
            entry_id   text not null,
            language   text not null,
            position   integer not null,
            text       text not null,
            folded     text not null,
            constraint pk_knowledge_questions primary key (tenant_id, entry_id, language, position),
            constraint fk_knowledge_questions_tenant_id_entry_id foreign key (tenant_id, entry_id)
                references knowledge_entries (tenant_id, id) on delete cascade
        );
        create index ix_knowledge_questions_folded on knowledge_questions using gin (folded gin_trgm_ops);

        create table knowledge_synonyms (
            tenant_id  uuid not null,
            position   integer not null,
            terms      text[] not null,
            constraint pk_knowledge_synonyms primary key (tenant_id, position),
            constraint fk_knowledge_synonyms_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );

        create table knowledge_vectors (
            tenant_id   uuid not null,
            entry_id    text not null,
            model_hash  text not null,
            text_hash   text not null,
            kind        text not null,
            values      real[] not null,
            constraint pk_knowledge_vectors primary key (tenant_id, entry_id, model_hash, text_hash),
            constraint fk_knowledge_vectors_tenant_id_entry_id foreign key (tenant_id, entry_id)
                references knowledge_entries (tenant_id, id) on delete cascade
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table knowledge_vectors;
        drop table knowledge_synonyms;
        drop table knowledge_questions;
        drop table knowledge_texts;
        drop table knowledge_entries;
        drop table knowledge_bases;
        drop extension if exists pg_trgm;
        """);
}
