using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Accounts that nobody signs in to any more, and the order in which a tenant's people are listed.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001500_UserAdministration")]
internal sealed class UserAdministration : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table users add column disabled_at timestamp with time zone;
        create index ix_users_tenant_id_created_at_id on users (tenant_id, created_at desc, id desc);
        drop index ix_users_tenant_id;
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create index ix_users_tenant_id on users (tenant_id);
        drop index ix_users_tenant_id_created_at_id;
        alter table users drop column disabled_at;
        """);
}
