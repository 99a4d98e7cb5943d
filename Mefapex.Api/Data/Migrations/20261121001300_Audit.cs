using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Who did what: events that nobody changes, with names and addresses beside them, which can be erased.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001300_Audit")]
internal sealed class Audit : Migration
{
    // Only the oldest events may go, once their chain says that it begins later, and none that is younger than a month.
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table audit_events (
            id             uuid not null,
            tenant_id      uuid,
            number         bigint not null,
            at             timestamp with time zone not null,
            actor_kind     text not null,
            actor_id       uuid,
            verb           text not null,
            subject_kind   text not null,
            subject_id     text not null,
            before         json,
            after          json,
            origin_hash    bytea,
            previous_hash  bytea not null,
            hash           bytea not null,
            constraint pk_audit_events primary key (id),
            constraint fk_audit_events_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );
        create unique index ix_audit_events_tenant_id_number on audit_events (tenant_id, number) nulls not distinct;
        create index ix_audit_events_tenant_id_actor_id_number on audit_events (tenant_id, actor_id, number);
        create index ix_audit_events_tenant_id_subject_kind_subject_id_number
            on audit_events (tenant_id, subject_kind, subject_id, number);

        create table audit_heads (
            chain      uuid not null,
            number     bigint not null,
            hash       bytea not null,
            kept_from  bigint not null,
            kept_hash  bytea not null,
            constraint pk_audit_heads primary key (chain)
        );

        create table audit_names (
            actor_id   uuid not null,
            name       text,
            erased_at  timestamp with time zone,
            constraint pk_audit_names primary key (actor_id)
        );

        create table audit_origins (
            event_id    uuid not null,
            address     text not null,
            user_agent  text not null,
            salt        bytea not null,
            constraint pk_audit_origins primary key (event_id),
            constraint fk_audit_origins_event_id foreign key (event_id) references audit_events (id) on delete cascade
        );

        create function refuse_audit_change() returns trigger language plpgsql as $$
        begin
            if tg_op = 'DELETE' then
                if old.at < now() - interval '30 days' and old.number < coalesce((
                    select kept_from from audit_heads
                    where chain = coalesce(old.tenant_id, '00000000-0000-0000-0000-000000000000')), 0)
                then
                    return old;
                end if;
            end if;
            raise exception 'audit events are append-only' using errcode = 'restrict_violation';
        end $$;
        create trigger audit_events_append_only before update or delete on audit_events
            for each row execute function refuse_audit_change();
        create trigger audit_events_no_truncate before truncate on audit_events
            for each statement execute function refuse_audit_change();
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table audit_origins;
        drop table audit_names;
        drop table audit_heads;
        drop table audit_events;
        drop function refuse_audit_change();
        """);
}
