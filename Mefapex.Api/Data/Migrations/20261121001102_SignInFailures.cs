using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Failed sign-ins, by account and by address.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001102_SignInFailures")]
internal sealed class SignInFailures : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table sign_in_failures (
            subject     bytea not null,
            failures    integer not null,
            not_before  timestamp with time zone not null,
            failed_at   timestamp with time zone not null,
            constraint pk_sign_in_failures primary key (subject)
        );
        create index ix_sign_in_failures_failed_at on sign_in_failures (failed_at);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table sign_in_failures;");
}
