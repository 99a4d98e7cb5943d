using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Host names that lead to a tenant, and tenants whose people are refused.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001501_TenantHosts")]
internal sealed class TenantHosts : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table tenants
            add column suspended_at timestamp with time zone,
            add column suspension_reason text;

        create table tenant_hosts (
            host       text not null,
            tenant_id  uuid not null,
            constraint pk_tenant_hosts primary key (host),
            constraint fk_tenant_hosts_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        create index ix_tenant_hosts_tenant_id on tenant_hosts (tenant_id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table tenant_hosts;
        alter table tenants drop column suspended_at, drop column suspension_reason;
        """);
}
