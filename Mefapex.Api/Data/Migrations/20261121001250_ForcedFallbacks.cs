using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Tenants that are answered without the AI service for a while.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001250_ForcedFallbacks")]
internal sealed class ForcedFallbacks : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table forced_fallbacks (
            id         uuid not null,
            tenant_id  uuid,
            reason     text,
            forced_at  timestamp with time zone not null,
            until      timestamp with time zone not null,
            constraint pk_forced_fallbacks primary key (id),
            constraint fk_forced_fallbacks_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        create index ix_forced_fallbacks_tenant_id on forced_fallbacks (tenant_id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table forced_fallbacks;");
}
