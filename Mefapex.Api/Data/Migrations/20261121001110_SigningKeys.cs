using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Keys of access tokens, which all replicas share.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001110_SigningKeys")]
internal sealed class SigningKeys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table signing_keys (
            id            text not null,
            sealed        bytea not null,
            created_at    timestamp with time zone not null,
            activates_at  timestamp with time zone not null,
            retires_at    timestamp with time zone not null,
            ends_at       timestamp with time zone not null,
            constraint pk_signing_keys primary key (id)
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table signing_keys;");
}
