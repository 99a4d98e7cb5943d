using System.Globalization;
using System.Net;
using Mefapex.AppHost.Postgres;
using Mefapex.AppHost.Processes;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Health;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Data;

public sealed class DatabaseOutageTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mefapex-outage-").FullName;
    private readonly PostgresOptions _options;
    private PostgresServer? _server;

    public DatabaseOutageTests() => _options = new()
    {
        DataFolder = Path.Combine(_folder, "data"),
        PasswordFile = Path.Combine(_folder, "password"),
        ToolsFolder = Path.Combine(RepositoryRoot.Path, ".mefapex", "tools"),
        Port = PostgresFixture.FreePort(),
        Database = "outage",
        Durable = false,
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        try
        {
            _server = await PrepareAsync();
        }
        catch (PostgresUnavailableException e)
        {
            Assert.SkipUnless(string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase), e.Message);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is null)
            return;
        await _server.StopAsync(CancellationToken.None);
        foreach (var folder in new[] { _server.DataFolder, _folder }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_api_waits_for_a_database_that_is_not_there_yet()
    {
        await using var host = ApiHost.Start(_server!.ConnectionStringFor("outage"));

        using var live = await host.Anonymous.GetAsync(new Uri("/health/live", UriKind.Relative), Cancellation);
        live.StatusCode.ShouldBe(HttpStatusCode.OK);
        await ShouldBeAwayAsync(host, host.Anonymous);

        await _server.StartAsync(Cancellation);
        await host.ReadyAsync();
        await ShouldBeBackAsync(host);
    }

    [Fact]
    public async Task A_killed_database_is_503_everywhere_and_its_return_needs_no_restart()
    {
        await _server!.StartAsync(Cancellation);
        await using var host = await ApiHost.Start(_server.ConnectionStringFor("outage")).ReadyAsync();
        using var client = await host.SignInAsync("demo");
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), Cancellation, async (_, _) =>
            await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Servis saatleri")));

        Kill();
        await ShouldBeAwayAsync(host, client);

        _server = await PrepareAsync();
        await _server.StartAsync(Cancellation);
        await ShouldBeBackAsync(host);
        var history = await client.GetWireAsync<ChatHistory>("/api/chat/history");
        history.TotalCount.ShouldBe(9, "what was answered before the crash is there, and nothing twice");
    }

    private static async Task ShouldBeAwayAsync(ApiHost host, HttpClient client)
    {
        foreach (var ask in new Func<Task<HttpResponseMessage>>[]
        {
            () => client.PostWireAsync("/login", new LoginRequest("demo", "1234")),
            () => client.PostWireAsync("/chat", new ChatRequest("Servis saatleri")),
            () => client.PostWireAsync("/chat", new ChatRequest("Şifremi unuttum")),
        })
        {
            using var response = await ask();
            await response.ShouldBeProblemAsync(503, "database-unavailable");
            response.Headers.RetryAfter?.Delta.ShouldBe(TimeSpan.FromSeconds(5));
        }

        foreach (var path in new[] { "/health", "/health/ready" })
        {
            using var response = await host.Anonymous.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, path);
        }
    }

    private static async Task ShouldBeBackAsync(ApiHost host)
    {
        using var client = await host.SignInAsync("demo");
        var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Şifremi unuttum"));
        answer.Sources[0].Id.ShouldBe("sifre-sifirlama");
        (await host.Anonymous.GetWireAsync<ServiceHealth>("/health")).Database.ShouldBe("healthy");
    }

    private Task<PostgresServer> PrepareAsync() =>
        PostgresServer.PrepareAsync(_options, line => TestContext.Current.SendDiagnosticMessage(line), Cancellation);

    private void Kill()
    {
        var pid = File.ReadLines(Path.Combine(_server!.DataFolder, "cluster", "postmaster.pid")).First();
        ProcessIdentity.Of(int.Parse(pid, CultureInfo.InvariantCulture))!.Signal(ProcessSignal.Kill);
    }
}
