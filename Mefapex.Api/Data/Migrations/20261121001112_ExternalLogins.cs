using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Whom an OpenID provider knows as an account.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001112_ExternalLogins")]
internal sealed class ExternalLogins : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table external_logins (
            issuer      text not null,
            subject     text not null,
            user_id     uuid not null,
            tenant_id   uuid not null,
            created_at  timestamp with time zone not null,
            constraint pk_external_logins primary key (issuer, subject),
            constraint fk_external_logins_user_id foreign key (user_id) references users (id) on delete cascade,
            constraint fk_external_logins_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        create index ix_external_logins_user_id on external_logins (user_id);
        create index ix_external_logins_tenant_id on external_logins (tenant_id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table external_logins;");
}
