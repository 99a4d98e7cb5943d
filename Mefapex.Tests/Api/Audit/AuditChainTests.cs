using System.Net;
using System.Text.Json.Nodes;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Audit;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mefapex.Tests.Api.Audit;

public sealed class AuditChainTests(ApiFactory api, PostgresFixture postgres) : IClassFixture<ApiFactory>
{
    private const string Verify = "/api/v1/admin/audit/verify";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_of_many_at_once_stand_in_one_chain_that_verifies()
    {
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres)).ReadyAsync();
        var tenant = await TenantAsync(host);

        await Parallel.ForEachAsync(Enumerable.Range(0, 60), Cancellation, async (i, _) => await RecordAsync(host, tenant, $"e{i}"));

        var rows = await RowsAsync(host, tenant);
        rows.Count.ShouldBeGreaterThanOrEqualTo(60);
        rows.Select(r => r.Number).ShouldBe(Enumerable.Range(1, rows.Count).Select(n => (long)n));
        rows.Zip(rows.Skip(1)).ShouldAllBe(pair => pair.Second.PreviousHash.SequenceEqual(pair.First.Hash));
        using var admin = await host.SignInAsync("yonetici");
        var verdict = await admin.GetWireAsync<AuditVerification>(Verify);
        verdict.Broken.ShouldBeNull();
        verdict.Verified.ShouldBeGreaterThanOrEqualTo(rows.Count);
    }

    [Fact]
    public async Task An_event_falls_with_the_transaction_that_it_belongs_to()
    {
        var tenant = await TenantAsync(api.Host);
        await using (var scope = api.Host.Services.CreateAsyncScope())
        {
            using var all = DataScope.AllTenants();
            var db = scope.ServiceProvider.GetRequiredService<MefapexDb>();
            await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
                await scope.ServiceProvider.GetRequiredService<IAuditLog>().RecordAsync(Event(tenant, "fallen"), Cancellation);
                await transaction.RollbackAsync(Cancellation);
            });
        }

        await RecordAsync(api.Host, tenant, "standing");

        var rows = await RowsAsync(api.Host, tenant);
        rows.ShouldNotContain(r => r.SubjectId == "fallen");
        rows.ShouldContain(r => r.SubjectId == "standing");
        using var admin = await api.Host.SignInAsync("yonetici");
        (await admin.GetWireAsync<AuditVerification>(Verify)).Broken.ShouldBeNull();
    }

    [Theory]
    [InlineData("update audit_events set verb = 'signed-in'")]
    [InlineData("delete from audit_events")]
    [InlineData("truncate audit_events cascade")]
    public async Task The_database_refuses_to_change_events(string sql)
    {
        await RecordAsync(api.Host, await TenantAsync(api.Host), "kept");
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand(sql);

        var refusal = await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancellation));

        refusal.MessageText.ShouldBe("audit events are append-only");
    }

    [Theory]
    [InlineData("update audit_events set after = '{\"count\":8}' where number = 3", 3, AuditBreaks.Content)]
    [InlineData("update audit_events set previous_hash = hash where number = 3", 3, AuditBreaks.Previous)]
    [InlineData("delete from audit_events where number = 3", 3, AuditBreaks.Missing)]
    [InlineData("delete from audit_events where number = 5", 5, AuditBreaks.Missing)]
    [InlineData("delete from audit_events where number = 1", 1, AuditBreaks.Missing)]
    [InlineData("update audit_heads set hash = kept_hash", 5, AuditBreaks.Head)]
    public async Task What_somebody_changed_past_the_guard_is_found(string sql, long number, string reason)
    {
        var connection = await ApiFactory.CreateDatabaseAsync(postgres);
        await using var host = await ApiHost.Start(connection).ReadyAsync();
        using var operatorClient = await host.SignInAsync("operator");
        var clinic = await TenantAsync(host, SampleTenants.Clinic);
        for (var i = 0; i < 5; i++)
            await RecordAsync(host, clinic, $"e{i}");
        await using var source = NpgsqlDataSource.Create(connection);
        await using (var command = source.CreateCommand(
            $"alter table audit_events disable trigger all; {sql}; alter table audit_events enable trigger all"))
        {
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        operatorClient.DefaultRequestHeaders.Add(RequestTenant.Header, SampleTenants.Clinic);
        var verdict = await operatorClient.GetWireAsync<AuditVerification>(Verify);

        verdict.Broken.ShouldBe(new AuditBreak(number, reason));
        verdict.Verified.ShouldBe(reason == AuditBreaks.Head ? 5 : number - 1);
    }

    [Fact]
    public async Task Only_administrators_verify()
    {
        using var editor = await api.Host.SignInAsync("editor");
        using var refused = await editor.GetAsync(new Uri(Verify, UriKind.Relative), Cancellation);
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var anonymous = await api.Host.Anonymous.GetAsync(new Uri(Verify, UriKind.Relative), Cancellation);
        anonymous.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_unknown_verb_is_refused()
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        await Should.ThrowAsync<ArgumentException>(() => scope.ServiceProvider.GetRequiredService<IAuditLog>()
            .RecordAsync(new("did-something", null, new("entry", "e")), Cancellation));
    }

    private static AuditEvent Event(Guid tenant, string id) =>
        new(AuditVerbs.EntryPublished, tenant, new("entry", id)) { After = new JsonObject { ["count"] = 7 } };

    private static async Task RecordAsync(ApiHost host, Guid tenant, string id)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IAuditLog>().RecordAsync(Event(tenant, id), Cancellation);
    }

    private static async Task<Guid> TenantAsync(ApiHost host, string slug = SampleTenants.Factory)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.WholeDatabase().Tenants
            .Where(t => t.Slug == slug).Select(t => t.Id).SingleAsync(Cancellation);
    }

    private static async Task<List<AuditRow>> RowsAsync(ApiHost host, Guid tenant)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.WholeDatabase().AuditEvents.AsNoTracking()
            .Where(e => e.TenantId == tenant).OrderBy(e => e.Number).ToListAsync(Cancellation);
    }
}
