using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>For how long a tenant keeps what.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001311_Retention")]
internal sealed class Retention : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table retention (
            tenant_id   uuid not null,
            kind        text not null,
            days        integer not null,
            updated_at  timestamp with time zone not null,
            constraint pk_retention primary key (tenant_id, kind),
            constraint fk_retention_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table retention;");
}
