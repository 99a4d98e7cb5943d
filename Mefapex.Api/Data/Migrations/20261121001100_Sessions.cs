using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Sessions and the hashes of their refresh tokens.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001100_Sessions")]
internal sealed class Sessions : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table sessions (
            id            uuid not null,
            user_id       uuid not null,
            tenant_id     uuid,
            device        text not null,
            address       text not null,
            created_at    timestamp with time zone not null,
            last_used_at  timestamp with time zone not null,
            expires_at    timestamp with time zone not null,
            ended_at      timestamp with time zone,
            end_reason    text,
            constraint pk_sessions primary key (id),
            constraint fk_sessions_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict,
            constraint fk_sessions_user_id foreign key (user_id) references users (id) on delete cascade
        );
        create index ix_sessions_user_id_created_at_id on sessions (user_id, created_at desc, id desc);
        create index ix_sessions_tenant_id on sessions (tenant_id);

        create table refresh_tokens (
            hash        bytea not null,
            session_id  uuid not null,
            created_at  timestamp with time zone not null,
            used_at     timestamp with time zone,
            constraint pk_refresh_tokens primary key (hash),
            constraint fk_refresh_tokens_session_id foreign key (session_id) references sessions (id) on delete cascade
        );
        create index ix_refresh_tokens_session_id on refresh_tokens (session_id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table refresh_tokens;
        drop table sessions;
        """);
}
