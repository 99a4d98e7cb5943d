using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Keys of services and monitors.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001520_ApiKeys")]
internal sealed class ApiKeys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table api_keys (
            id            uuid not null,
            tenant_id     uuid not null,
            name          text not null,
            prefix        text not null,
            hash          bytea not null,
            scopes        text[] not null,
            networks      text[] not null,
            created_by    text not null,
            created_at    timestamp with time zone not null,
            expires_at    timestamp with time zone,
            revoked_at    timestamp with time zone,
            last_used_at  timestamp with time zone,
            replaces      uuid,
            constraint pk_api_keys primary key (id),
            constraint fk_api_keys_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        create unique index ix_api_keys_hash on api_keys (hash);
        create index ix_api_keys_tenant_id_created_at_id on api_keys (tenant_id, created_at desc, id desc);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table api_keys;");
}
