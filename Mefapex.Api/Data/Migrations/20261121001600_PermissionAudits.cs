using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>What attacks on the permissions found.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001600_PermissionAudits")]
internal sealed class PermissionAudits : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table permission_audits (
            id         uuid not null,
            at         timestamp with time zone not null,
            operations integer not null,
            walked     integer not null,
            requests   integer not null,
            findings   integer not null,
            constraint pk_permission_audits primary key (id)
        );
        create index ix_permission_audits_at on permission_audits (at);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table permission_audits;");
}
