using System.Collections.Concurrent;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mefapex.Tests.Api.Knowledge;

public sealed class KnowledgeListenerTests(PostgresFixture postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_in_one_replica_reaches_the_other_before_anybody_asks_it()
    {
        var database = await ApiFactory.CreateDatabaseAsync(postgres);
        await using var first = await ApiHost.Start(database).ReadyAsync();
        await using var second = await ApiHost.Start(database).ReadyAsync();
        var tenantId = (await KnowledgeFixture.TenantAsync(second, "klinik")).Id;
        using var rows = DataScope.Of(tenantId);
        var heard = await ListeningAsync(second, listeners: 2);
        var snapshots = second.Services.GetRequiredService<SnapshotStore>();
        var before = await snapshots.GetAsync(tenantId, atLeast: 0, Cancellation);

        await ChangeTitleAsync(first, tenantId, "Yeni başlık");

        await Eventually.UntilAsync(() => heard.Contains(new KnowledgeChange(tenantId, before.Version + 1)), "the other replica hears of the change");
        await Eventually.UntilAsync(
            () => snapshots.GetAsync(tenantId, atLeast: 0, Cancellation) is { IsCompletedSuccessfully: true } kept
                && kept.Result.Version == before.Version + 1,
            "the other replica has the new snapshot");
        (await snapshots.GetAsync(tenantId, atLeast: 0, Cancellation)).Entries["tercuman"].TextIn("tr").Title.ShouldBe("Yeni başlık");
    }

    [Fact]
    public async Task A_change_that_is_rolled_back_is_not_heard_of()
    {
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres)).ReadyAsync();
        var (factory, clinic) = ((await KnowledgeFixture.TenantAsync(host, "fabrika")).Id, (await KnowledgeFixture.TenantAsync(host, "klinik")).Id);
        var heard = await ListeningAsync(host);

        await using (var scope = host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
                await KnowledgeWriter.BumpVersionAsync(db, factory, TimeProvider.System.GetUtcNow(), Cancellation);
            });
        }

        await BumpAsync(host, clinic);

        await Eventually.UntilAsync(() => heard.Any(c => c.TenantId == clinic), "the committed change is heard of");
        heard.ShouldNotContain(c => c.TenantId == factory);
    }

    [Fact]
    public async Task What_was_missed_while_the_connection_was_lost_counts_as_changed()
    {
        var database = await ApiFactory.CreateDatabaseAsync(postgres);
        await using var host = await ApiHost.Start(database).ReadyAsync();
        var heard = await ListeningAsync(host);
        await BumpAsync(host, (await KnowledgeFixture.TenantAsync(host, "klinik")).Id);
        await Eventually.UntilAsync(() => heard.Any(c => c.TenantId is not null), "what the first connection said is over");
        heard.Clear();

        await using (var connection = new NpgsqlConnection(database + ";Pooling=false"))
        {
            await connection.OpenAsync(Cancellation);
            await using var end = new NpgsqlCommand(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'listen mefapex_knowledge'",
                connection);
            (await end.ExecuteScalarAsync(Cancellation)).ShouldBe(true);
        }

        await Eventually.UntilAsync(() => heard.Contains(KnowledgeChange.Unknown), "the listener is back");
    }

    [Theory]
    [InlineData("")]
    [InlineData("11111111-1111-1111-1111-111111111111")]
    [InlineData("someone 3")]
    [InlineData("11111111-1111-1111-1111-111111111111 x")]
    public void A_message_that_cannot_be_read_means_any_tenant(string payload) =>
        KnowledgeChange.Parse(payload).ShouldBe(KnowledgeChange.Unknown);

    private static async Task BumpAsync(ApiHost host, Guid tenantId)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await KnowledgeWriter.BumpVersionAsync(
            scope.ServiceProvider.WholeDatabase(), tenantId, TimeProvider.System.GetUtcNow(), Cancellation);
    }

    /// <summary>What the host hears of from now on; returns when it listens.</summary>
    private static async Task<ConcurrentBag<KnowledgeChange>> ListeningAsync(ApiHost host, int listeners = 1)
    {
        var heard = new ConcurrentBag<KnowledgeChange>();
        host.Services.GetRequiredService<KnowledgeChanges>().Subscribe(heard.Add);
        await Eventually.UntilAsync(
            () =>
            {
                using var scope = host.Services.CreateScope();
                return scope.ServiceProvider.WholeDatabase().Database.SqlQuery<int>(
                    $"""
                    select count(*)::int as "Value" from pg_stat_activity
                    where datname = current_database() and query = 'listen mefapex_knowledge'
                    """).Single() == listeners;
            },
            "the host listens");
        return heard;
    }

    private static async Task ChangeTitleAsync(ApiHost host, Guid tenantId, string title)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.WholeDatabase();
        await db.Set<KnowledgeText>().Where(t => t.TenantId == tenantId && t.EntryId == "tercuman" && t.Language == "tr")
            .ExecuteUpdateAsync(t => t.SetProperty(x => x.Title, title), Cancellation);
        await KnowledgeWriter.BumpVersionAsync(db, tenantId, TimeProvider.System.GetUtcNow(), Cancellation);
    }
}
