using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Whom knowledge is for, and until when.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121000300_Audiences")]
internal sealed class Audiences : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table users add column groups text[] not null default '{}';
        alter table users alter column groups drop default;
        alter table knowledge_entries
            add column audience text[] not null default '{}',
            add column expires_on date;
        alter table knowledge_entries alter column audience drop default;
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table knowledge_entries drop column audience, drop column expires_on;
        alter table users drop column groups;
        """);
}
