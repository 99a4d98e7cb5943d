using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>What tenants may use, and what they used.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001521_Quotas")]
internal sealed class Quotas : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table tenant_quotas (
            tenant_id          uuid not null,
            questions_per_day  bigint,
            documents          bigint,
            storage_bytes      bigint,
            tokens_per_day     bigint,
            time_zone          text,
            updated_at         timestamp with time zone not null,
            constraint pk_tenant_quotas primary key (tenant_id),
            constraint fk_tenant_quotas_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );

        create table daily_usage (
            tenant_id  uuid not null,
            day        date not null,
            questions  bigint not null,
            tokens     bigint not null,
            constraint pk_daily_usage primary key (tenant_id, day),
            constraint fk_daily_usage_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table daily_usage;
        drop table tenant_quotas;
        """);
}
