using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Codes of authenticator apps at sign-in, and recovery codes.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001111_SecondFactors")]
internal sealed class SecondFactors : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table second_factors (
            user_id       uuid not null,
            tenant_id     uuid,
            sealed        bytea not null,
            created_at    timestamp with time zone not null,
            confirmed_at  timestamp with time zone,
            last_step     bigint not null,
            constraint pk_second_factors primary key (user_id),
            constraint fk_second_factors_user_id foreign key (user_id) references users (id) on delete cascade,
            constraint fk_second_factors_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        create index ix_second_factors_tenant_id on second_factors (tenant_id);
        create table recovery_codes (
            hash       bytea not null,
            user_id    uuid not null,
            tenant_id  uuid,
            constraint pk_recovery_codes primary key (hash),
            constraint fk_recovery_codes_user_id foreign key (user_id) references users (id) on delete cascade,
            constraint fk_recovery_codes_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        create index ix_recovery_codes_user_id on recovery_codes (user_id);
        create index ix_recovery_codes_tenant_id on recovery_codes (tenant_id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("drop table recovery_codes; drop table second_factors;");
}
