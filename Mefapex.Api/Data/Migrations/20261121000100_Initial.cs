using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Tenants, users, conversations and their exchanges.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121000100_Initial")]
internal sealed class Initial : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table tenants (
            id      uuid not null,
            slug    text not null,
            name    text not null,
            locale  text not null,
            constraint pk_tenants primary key (id)
        );
        create unique index ix_tenants_slug on tenants (slug);

        create table users (
            id             uuid not null,
            tenant_id      uuid,
            username       text not null,
            email          text,
            full_name      text,
            password_hash  text not null,
            roles          text[] not null,
            demo           boolean not null,
            created_at     timestamp with time zone not null,
            constraint pk_users primary key (id),
            constraint fk_users_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict
        );
        create unique index ix_users_username on users (username);
        create index ix_users_tenant_id on users (tenant_id);

        create table conversations (
            id          uuid not null,
            tenant_id   uuid not null,
            user_id     uuid not null,
            title       text not null,
            created_at  timestamp with time zone not null,
            updated_at  timestamp with time zone not null,
            constraint pk_conversations primary key (id),
            constraint fk_conversations_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict,
            constraint fk_conversations_user_id foreign key (user_id) references users (id) on delete cascade
        );
        create index ix_conversations_user_id_updated_at_id on conversations (user_id, updated_at desc, id desc);
        create index ix_conversations_tenant_id on conversations (tenant_id);

        create table exchanges (
            id                uuid not null,
            conversation_id   uuid not null,
            tenant_id         uuid not null,
            user_id           uuid not null,
            question          text not null,
            response          text not null,
            source            text not null,
            decision          text not null,
            sources           jsonb not null,
            why               jsonb not null,
            confidence        double precision not null,
            language          text not null,
            degradation       text not null,
            cached            boolean not null,
            response_time_ms  double precision not null,
            asked_at          timestamp with time zone not null,
            constraint pk_exchanges primary key (id),
            constraint fk_exchanges_conversation_id foreign key (conversation_id) references conversations (id)
                on delete cascade,
            constraint fk_exchanges_tenant_id foreign key (tenant_id) references tenants (id) on delete restrict,
            constraint fk_exchanges_user_id foreign key (user_id) references users (id) on delete cascade
        );
        create index ix_exchanges_conversation_id_asked_at_id on exchanges (conversation_id, asked_at, id);
        create index ix_exchanges_user_id_asked_at on exchanges (user_id, asked_at);
        create index ix_exchanges_tenant_id_asked_at on exchanges (tenant_id, asked_at);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop table exchanges;
        drop table conversations;
        drop table users;
        drop table tenants;
        """);
}
