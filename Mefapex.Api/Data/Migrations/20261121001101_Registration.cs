using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Who may register at a tenant, invitations, and one-time tokens for new passwords.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001101_Registration")]
internal sealed class Registration : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table tenants add column registration text not null default 'closed';
        alter table tenants alter column registration drop default;

        create table invitations (
            id          uuid not null,
            tenant_id   uuid not null,
            hash        bytea not null,
            email       text,
            roles       text[] not null,
            created_at  timestamp with time zone not null,
            expires_at  timestamp with time zone not null,
            used_at     timestamp with time zone,
            constraint pk_invitations primary key (id),
            constraint fk_invitations_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );
        create unique index ix_invitations_hash on invitations (hash);
        create index ix_invitations_tenant_id_created_at_id on invitations (tenant_id, created_at desc, id desc);

        create table password_resets (
            hash        bytea not null,
            user_id     uuid not null,
            created_at  timestamp with time zone not null,
            expires_at  timestamp with time zone not null,
            constraint pk_password_resets primary key (hash),
            constraint fk_password_resets_user_id foreign key (user_id) references users (id) on delete cascade
        );
        create index ix_password_resets_user_id on password_resets (user_id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table password_resets;
        drop table invitations;
        alter table tenants drop column registration;
        """);
}
