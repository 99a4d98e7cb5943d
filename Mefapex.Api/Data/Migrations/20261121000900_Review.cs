using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Labelled questions, weights fitted on them, and what became of questions that nothing answered.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121000900_Review")]
internal sealed class Review : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table knowledge_labels (
            tenant_id   uuid not null,
            id          uuid not null,
            language    text not null,
            question    text not null,
            expected    text[] not null,
            kind        text not null,
            updated_at  timestamp with time zone not null,
            updated_by  text not null,
            constraint pk_knowledge_labels primary key (tenant_id, id),
            constraint fk_knowledge_labels_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );
        create unique index ix_knowledge_labels_tenant_id_question on knowledge_labels (tenant_id, question);
        create index ix_knowledge_labels_tenant_id_updated_at_id on knowledge_labels (tenant_id, updated_at desc, id desc);

        create table knowledge_calibrations (
            tenant_id   uuid not null,
            model_hash  text,
            weights     jsonb not null,
            figures     jsonb not null,
            questions   integer not null,
            fitted_at   timestamp with time zone not null,
            fitted_by   text not null,
            constraint pk_knowledge_calibrations primary key (tenant_id),
            constraint fk_knowledge_calibrations_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );

        create table knowledge_gaps (
            tenant_id   uuid not null,
            folded      text not null,
            question    text not null,
            verdict     text not null,
            entry_id    text,
            decided_at  timestamp with time zone not null,
            decided_by  text not null,
            constraint pk_knowledge_gaps primary key (tenant_id, folded),
            constraint fk_knowledge_gaps_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table knowledge_gaps;
        drop table knowledge_calibrations;
        drop table knowledge_labels;
        """);
}
