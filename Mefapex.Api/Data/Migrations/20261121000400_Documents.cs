using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Documents, the versions of their files, and the chunks that are searched.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121000400_Documents")]
internal sealed class Documents : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table documents (
            tenant_id        uuid not null,
            id               uuid not null,
            title            text not null,
            category         text not null,
            owner            text not null,
            audience         text[] not null,
            origin           text not null,
            origin_path      text,
            current_version  integer,
            newest_version   integer not null,
            revision         integer not null,
            created_at       timestamp with time zone not null,
            updated_at       timestamp with time zone not null,
            updated_by       text not null,
            constraint pk_documents primary key (tenant_id, id),
            constraint fk_documents_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );
        create index ix_documents_tenant_id_updated_at_id on documents (tenant_id, updated_at desc, id desc);
        create unique index ix_documents_tenant_id_origin_path on documents (tenant_id, origin_path);

        create table document_versions (
            tenant_id        uuid not null,
            document_id      uuid not null,
            version          integer not null,
            file_name        text not null,
            media_type       text not null,
            bytes            bigint not null,
            sha256           text not null,
            storage_key      text not null,
            step             text not null,
            status           text not null,
            progress_done    integer not null,
            progress_total   integer not null,
            pages            integer,
            empty_pages      integer[] not null,
            problem          text,
            problem_detail   text,
            attempts         integer not null,
            next_attempt_at  timestamp with time zone not null,
            leased_by        text,
            leased_until     timestamp with time zone,
            created_at       timestamp with time zone not null,
            created_by       text not null,
            finished_at      timestamp with time zone,
            constraint pk_document_versions primary key (tenant_id, document_id, version),
            constraint fk_document_versions_tenant_id_document_id foreign key (tenant_id, document_id)
                references documents (tenant_id, id) on delete cascade
        );
        create index ix_document_versions_tenant_id_sha256 on document_versions (tenant_id, sha256);
        create index ix_document_versions_status_next_attempt_at on document_versions (status, next_attempt_at);

        create table document_chunks (
            tenant_id        uuid not null,
            document_id      uuid not null,
            version          integer not null,
            position         integer not null,
            page             integer,
            heading          text,
            "offset"         integer not null,
            text             text not null,
            text_hash        text not null,
            language         text not null,
            original_search  tsvector not null,
            folded_search    tsvector not null,
            constraint pk_document_chunks primary key (tenant_id, document_id, version, position),
            constraint fk_document_chunks_tenant_id_document_id_version foreign key (tenant_id, document_id, version)
                references document_versions (tenant_id, document_id, version) on delete cascade
        );
        create index ix_document_chunks_original_search on document_chunks using gin (original_search);
        create index ix_document_chunks_folded_search on document_chunks using gin (folded_search);

        create table chunk_vectors (
            tenant_id    uuid not null,
            document_id  uuid not null,
            version      integer not null,
            position     integer not null,
            model_hash   text not null,
            values       real[] not null,
            constraint pk_chunk_vectors primary key (tenant_id, document_id, version, position, model_hash),
            constraint fk_chunk_vectors_tenant_id_document_id_version_position
                foreign key (tenant_id, document_id, version, position)
                references document_chunks (tenant_id, document_id, version, position) on delete cascade
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table chunk_vectors;
        drop table document_chunks;
        drop table document_versions;
        drop table documents;
        """);
}
