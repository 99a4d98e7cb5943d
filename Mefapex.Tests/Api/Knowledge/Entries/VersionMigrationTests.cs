using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace Mefapex.Tests.Api.Knowledge.Entries;

public sealed class VersionMigrationTests(PostgresFixture postgres)
{
    private const string Before = "20261121000400_Documents";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Entries_of_before_get_their_version_and_keep_what_they_say_on_the_way_back()
    {
        await using var source = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync("entry_versions"));
        await using var db = new MefapexDb(new DbContextOptionsBuilder<MefapexDb>().UseMefapex(source).Options);
        var migrator = db.GetService<IMigrator>();
        await migrator.MigrateAsync(Before, Cancellation);
        await using (var insert = source.CreateCommand(
            """
            insert into tenants (id, slug, name, locale) values ('00000000-0000-0000-0000-000000000001', 'eski', 'Eski', 'tr');
            insert into knowledge_entries (tenant_id, id, category, owner, valid_from, tags, status, version, updated_at, audience)
            values ('00000000-0000-0000-0000-000000000001', 'kayit', 'Genel', 'İK', '2026-01-01', '{a}', 'published', 3, now(), '{role:editor}');
            insert into knowledge_texts
            select '00000000-0000-0000-0000-000000000001', 'kayit', language, title, lower(title), answer, '', ''
            from (values ('en', 'Title', 'Answer'), ('tr', 'Başlık', 'Cevap')) as t (language, title, answer);
            insert into knowledge_questions
            select '00000000-0000-0000-0000-000000000001', 'kayit', 'tr', position, text, lower(text)
            from (values (1, 'İkinci?'), (0, 'Birinci?')) as q (position, text);
            """))
        {
            await insert.ExecuteNonQueryAsync(Cancellation);
        }

        await db.Database.MigrateAsync(Cancellation);
        var entry = await db.KnowledgeEntries.AsNoTracking().SingleAsync(Cancellation);
        (entry.PublishedVersion, entry.Revision, entry.UpdatedBy).ShouldBe((3, 1, "sample"));
        var version = await db.KnowledgeVersions.AsNoTracking().SingleAsync(Cancellation);
        (version.Version, version.Status, version.Title, version.Category).ShouldBe((3, "published", "Başlık", "Genel"));
        version.Audience.ShouldBe(["role:editor"]);
        version.Languages.ShouldBe(["tr", "en"]);
        version.Texts[0].Questions.ShouldBe(["Birinci?", "İkinci?"]);
        (version.Texts[1].Title, version.Texts[1].Answer).ShouldBe(("Title", "Answer"));

        await KnowledgeWriter.RefreshStaleAsync(db, TimeProvider.System, Cancellation);
        (await db.KnowledgeEntries.AsNoTracking().SingleAsync(Cancellation)).SearchFormat.ShouldBeGreaterThan(0);
        (await db.Set<KnowledgeText>().CountAsync(t => t.FoldedSearch.Matches(EF.Functions.ToTsQuery("simple", "birinci")), Cancellation)).ShouldBe(1);

        await migrator.MigrateAsync(Before, Cancellation);
        await using var kept = source.CreateCommand("select title from knowledge_texts where language = 'tr'");
        (await kept.ExecuteScalarAsync(Cancellation)).ShouldBe("Başlık");
    }
}
