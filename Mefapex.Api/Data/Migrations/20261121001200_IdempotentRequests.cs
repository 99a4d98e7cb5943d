using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Requests that may be repeated, with their answers.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001200_IdempotentRequests")]
internal sealed class IdempotentRequests : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table idempotent_requests (
            user_id        uuid not null,
            path           text not null,
            key            text not null,
            tenant_id      uuid,
            fingerprint    bytea not null,
            claim          uuid not null,
            claimed_until  timestamp with time zone not null,
            expires_at     timestamp with time zone not null,
            status         integer,
            content_type   text,
            location       text,
            etag           text,
            body           bytea,
            constraint pk_idempotent_requests primary key (user_id, path, key),
            constraint fk_idempotent_requests_user_id foreign key (user_id) references users (id) on delete cascade,
            constraint fk_idempotent_requests_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        create index ix_idempotent_requests_expires_at on idempotent_requests (expires_at);
        create index ix_idempotent_requests_tenant_id on idempotent_requests (tenant_id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table idempotent_requests;");
}
