using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>What answers rest on and how questions were understood, searchable conversations, feedback, and tasks for
/// those who keep the knowledge.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121000800_Tasks")]
internal sealed class Tasks : Migration
{
    // The folding of TurkishFolding as far as SQL goes, for what was stored before; new rows are folded by the service.
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table exchanges
            add understood  text,
            add citations   jsonb not null default '[]',
            add folded      text not null default '';
        update exchanges set folded = lower(translate(
            question || ' ' || response, 'İIıŞşĞğÜüÖöÇçÂâÎîÛû', 'iiissgguuooccaaiiuu'));
        alter table exchanges
            alter citations drop default,
            alter folded drop default;

        alter table conversations
            add pinned        boolean not null default false,
            add revision      integer not null default 1,
            add folded_title  text not null default '';
        update conversations set folded_title = lower(translate(
            title, 'İIıŞşĞğÜüÖöÇçÂâÎîÛû', 'iiissgguuooccaaiiuu'));
        alter table conversations
            alter pinned drop default,
            alter revision drop default,
            alter folded_title drop default;

        create table knowledge_tasks (
            id           uuid not null,
            tenant_id    uuid not null,
            kind         text not null,
            topic        text not null,
            owner        text not null,
            entry_id     text,
            document_id  uuid,
            exchange_id  uuid,
            text         text not null,
            count        integer not null,
            status       text not null,
            assigned     text,
            note         text,
            created_at   timestamp with time zone not null,
            updated_at   timestamp with time zone not null,
            closed_by    text,
            closed_at    timestamp with time zone,
            revision     integer not null,
            constraint pk_knowledge_tasks primary key (id),
            constraint fk_knowledge_tasks_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict,
            constraint fk_knowledge_tasks_exchange_id foreign key (exchange_id) references exchanges (id) on delete set null
        );
        create unique index ix_knowledge_tasks_tenant_id_kind_topic on knowledge_tasks (tenant_id, kind, topic)
            where status = 'open';
        create index ix_knowledge_tasks_tenant_id_created_at_id on knowledge_tasks (tenant_id, created_at desc, id desc);
        create index ix_knowledge_tasks_exchange_id on knowledge_tasks (exchange_id);

        create table exchange_feedback (
            exchange_id  uuid not null,
            tenant_id    uuid not null,
            helpful      boolean not null,
            reason       text,
            comment      text,
            task_id      uuid,
            created_at   timestamp with time zone not null,
            updated_at   timestamp with time zone not null,
            constraint pk_exchange_feedback primary key (exchange_id),
            constraint fk_exchange_feedback_exchange_id foreign key (exchange_id) references exchanges (id) on delete cascade,
            constraint fk_exchange_feedback_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict,
            constraint fk_exchange_feedback_task_id foreign key (task_id) references knowledge_tasks (id) on delete set null
        );
        create index ix_exchange_feedback_tenant_id_updated_at on exchange_feedback (tenant_id, updated_at);
        create index ix_exchange_feedback_task_id on exchange_feedback (task_id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table exchange_feedback;
        drop table knowledge_tasks;
        alter table conversations drop pinned, drop revision, drop folded_title;
        alter table exchanges drop understood, drop citations, drop folded;
        """);
}
