using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Signed lists of what erasures took away.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001310_Erasures")]
internal sealed class Erasures : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table erasures (
            id         uuid not null,
            tenant_id  uuid,
            pseudonym  text not null,
            erased_at  timestamp with time zone not null,
            items      json not null,
            signature  text not null,
            constraint pk_erasures primary key (id),
            constraint fk_erasures_tenant_id foreign key (tenant_id) references tenants (id) on delete cascade
        );
        create index ix_erasures_tenant_id_erased_at_id on erasures (tenant_id, erased_at desc, id desc);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("drop table erasures;");
}
