using Mefapex.Api.Accounts;
using Mefapex.Api.Conversations;
using Mefapex.Api.Data;
using Mefapex.Api.Tenants;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace Mefapex.Tests.Api.Data;

public sealed class MigrationTests(PostgresFixture postgres)
{
    private static readonly string[] SchemaQueries =
    [
        """
        select format('column %s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
            case when a.attnotnull then ' not null' else '' end,
            case a.attgenerated::text when '' then ' default ' else ' generated ' end || pg_get_expr(d.adbin, d.adrelid),
            case a.attidentity::text when '' then '' else ' identity ' || a.attidentity::text end)
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm') and a.attnum > 0
            and not a.attisdropped and c.relname <> 'schema_migrations'
        """,
        """
        select format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        from pg_constraint
        where connamespace = 'public'::regnamespace and contype in ('p', 'u', 'f', 'c', 'x')
            and conrelid::regclass::text <> 'schema_migrations'
        """,
        """
        select 'index ' || indexdef from pg_indexes where schemaname = 'public' and tablename <> 'schema_migrations'
        """,
        """
        select 'sequence ' || sequencename from pg_sequences where schemaname = 'public'
        """,
        """
        select 'extension ' || extname from pg_extension
        """,
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrated_schema_equals_the_model()
    {
        await using var migrated = await OpenAsync("migrations_up");
        await migrated.Db.Database.MigrateAsync(Cancellation);
        await using var created = await OpenAsync("migrations_model");
        await created.Db.Database.EnsureCreatedAsync(Cancellation);

        var schema = await SchemaAsync(migrated);
        schema.ShouldContain(line => line.StartsWith("column exchanges.sources jsonb not null", StringComparison.Ordinal));
        schema.ShouldBe(await SchemaAsync(created));
    }

    [Fact]
    public async Task Migrating_down_to_nothing_and_up_again_makes_the_same_schema()
    {
        await using var database = await OpenAsync("migrations_down");
        await database.Db.Database.MigrateAsync(Cancellation);
        var before = await SchemaAsync(database);

        await MigrateToAsync(database, Migration.InitialDatabase);
        (await SchemaAsync(database)).ShouldNotContain(line => line.StartsWith("column", StringComparison.Ordinal));

        await database.Db.Database.MigrateAsync(Cancellation);
        (await SchemaAsync(database)).ShouldBe(before);
    }

    [Fact]
    public async Task Migrating_down_one_step_at_a_time_keeps_conversations()
    {
        await using var database = await OpenAsync("migrations_keep");
        var db = database.Db;
        await db.Database.MigrateAsync(Cancellation);
        var at = new DateTimeOffset(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);
        var tenant = new Tenant { Id = Guid.CreateVersion7(), Slug = "deneme", Name = "Deneme", Locale = "tr" };
        var user = new User { Id = Guid.CreateVersion7(), TenantId = tenant.Id, Username = "ayşe", Roles = ["member"], CreatedAt = at };
        db.AddRange(tenant, user, Conversation.Start(tenant.Id, user.Id, at));
        await db.SaveChangesAsync(Cancellation);

        foreach (var step in db.Database.GetMigrations().Reverse())
        {
            await MigrateToAsync(database, step);
            await db.Database.MigrateAsync(Cancellation);
        }

        db.ChangeTracker.Clear();
        (await db.Users.SingleAsync(Cancellation)).Username.ShouldBe("ayşe");
        (await db.Conversations.SingleAsync(Cancellation)).CreatedAt.ShouldBe(at);
    }

    private static Task MigrateToAsync(OpenDatabase database, string migration) =>
        database.Db.GetService<IMigrator>().MigrateAsync(migration, Cancellation);

    private static async Task<IReadOnlyList<string>> SchemaAsync(OpenDatabase database)
    {
        var lines = new List<string>();
        foreach (var query in SchemaQueries)
        {
            await using var command = database.Source.CreateCommand(query);
            await using var reader = await command.ExecuteReaderAsync(Cancellation);
            while (await reader.ReadAsync(Cancellation))
                lines.Add(reader.GetString(0));
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private async Task<OpenDatabase> OpenAsync(string name)
    {
        var source = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync(name));
        return new(source, new(new DbContextOptionsBuilder<MefapexDb>().UseMefapex(source).Options));
    }

    private sealed record OpenDatabase(NpgsqlDataSource Source, MefapexDb Db) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Db.DisposeAsync();
            await Source.DisposeAsync();
        }
    }
}
