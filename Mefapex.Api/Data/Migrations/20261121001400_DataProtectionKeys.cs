using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>The keys of data protection, which all replicas share and a restart does not lose.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001400_DataProtectionKeys")]
internal sealed class DataProtectionKeys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table data_protection_keys (
            id          uuid not null,
            name        text not null,
            xml         text not null,
            created_at  timestamp with time zone not null,
            constraint pk_data_protection_keys primary key (id)
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table data_protection_keys;");
}
