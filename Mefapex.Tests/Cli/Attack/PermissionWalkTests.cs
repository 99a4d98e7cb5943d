using System.Net;
using Mefapex.Api.Data;
using Mefapex.Cli;
using Mefapex.ServiceDefaults;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Cli.Attack;

/// <summary>The walk of <c>./mefapex audit-permissions</c>, against the API in this process.</summary>
public sealed class PermissionWalkTests(ApiFactory api, PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<ApiFactory>
{
    private const int Described = 100;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_is_answered_what_is_not_theirs()
    {
        var result = await WalkAsync(api.Host, new SocketsHttpHandler(), operations => operations);

        output.WriteLine(AuditReport.Render(result, TimeSpan.Zero));
        result.Findings.ShouldBeEmpty();
        result.Operations.ShouldBeGreaterThan(Described);
        result.Walked.ShouldBe(result.Operations);
        result.WithRows.ShouldBeGreaterThan(result.NamingRows / 2);
    }

    [Fact]
    public async Task Policies_of_the_database_alone_keep_tenants_apart()
    {
        var filters = new NoTenantFilters();
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), interceptor: filters).ReadyAsync();

        var result = await WalkAsync(host, new SocketsHttpHandler(), operations => operations, onlyRowsOfOthers: true);

        output.WriteLine(AuditReport.Render(result, TimeSpan.Zero));
        result.Findings.ShouldBeEmpty();
        filters.Taken.ShouldBeGreaterThan(Described);
    }

    [Fact]
    public async Task Conditions_of_the_service_alone_keep_tenants_apart()
    {
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres)).ReadyAsync();
        await using var unsecured = host.Services.GetRequiredService<OwnerDatabase>().Source.CreateCommand(
            """
            do $$ declare t text; begin
                for t in select relname from pg_class where relnamespace = 'public'::regnamespace and relrowsecurity loop
                    execute format('alter table %I disable row level security', t);
                end loop;
            end $$
            """);
        await unsecured.ExecuteNonQueryAsync(Cancellation);

        var result = await WalkAsync(host, new SocketsHttpHandler(), operations => operations, onlyRowsOfOthers: true);

        output.WriteLine(AuditReport.Render(result, TimeSpan.Zero));
        result.Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Holes_are_found()
    {
        string[] broken = ["GET /me", "GET /api/v1/knowledge/entries/{id}", "GET /api/v1/conversations/{id}", "DELETE /api/v1/conversations/{id}"];
        var hole = new Holes();

        var result = await WalkAsync(api.Host, hole, operations =>
        [
            .. operations.Where(operation => broken.Contains(operation.Name)),
            new ApiOperation("GET", "/api/v1/hole", [], new Dictionary<string, ApiSchema>(StringComparer.Ordinal), NeedsToken: false),
        ], stage => hole.Stage = stage);

        output.WriteLine(AuditReport.Render(result, TimeSpan.Zero));
        var found = result.Findings.Select(finding => (finding.Operation, finding.Who)).ToList();
        found.ShouldContain(("GET /me", "nobody, no bearer"));
        found.ShouldContain(("GET /me", "nobody, alg: none"));
        found.ShouldContain(("GET /me", "nobody, expired"));
        found.ShouldContain(finding => finding.Operation == "GET /api/v1/knowledge/entries/{id}" && finding.Who.StartsWith("editor of denetim-b", StringComparison.Ordinal));
        found.ShouldContain(finding => finding.Operation == "GET /api/v1/knowledge/entries/{id}" && finding.Who.StartsWith("member of denetim-b", StringComparison.Ordinal));
        result.Findings.ShouldContain(finding => finding.Operation.StartsWith("GET /api/v1/conversations/", StringComparison.Ordinal) && finding.What.Contains("changed"));
        result.Findings.ShouldContain(finding => finding.Operation == "GET /api/v1/hole" && finding.What.Contains("table of expectations"));
    }

    [Theory]
    [InlineData("GET", "/api/v1/knowledge/entries/{id}", "member", false)]
    [InlineData("GET", "/api/v1/knowledge/documents/{id}", "member", true)]
    [InlineData("DELETE", "/api/v1/knowledge/documents/{id}", "member", false)]
    [InlineData("POST", "/api/v1/knowledge/calibration/fit", "editor", false)]
    [InlineData("POST", "/api/v1/knowledge/bench", "editor", true)]
    [InlineData("GET", "/api/v1/admin/signing-keys", "owner", false)]
    public void The_first_row_that_covers_an_operation_counts(string method, string path, string role, bool lets)
    {
        var operation = new ApiOperation(method, path, [], new Dictionary<string, ApiSchema>(StringComparer.Ordinal), NeedsToken: true);

        Expectations.Of(operation).ShouldNotBeNull().Lets(role).ShouldBe(lets);
        Expectations.Of(operation with { Path = "/api/v1/nowhere" }).ShouldBeNull();
    }

    private static async Task<WalkResult> WalkAsync(
        ApiHost host,
        HttpMessageHandler handler,
        Func<IReadOnlyList<ApiOperation>, IReadOnlyList<ApiOperation>> choose,
        Action<Stage>? staged = null,
        bool onlyRowsOfOthers = false)
    {
        if (handler is SocketsHttpHandler sockets)
            (sockets.UseCookies, sockets.AllowAutoRedirect) = (false, false);
        using var http = new HttpClient(handler) { BaseAddress = host.Address };
        var attacked = new Attacked(http);
        var stage = await Stage.SetAsync(
            attacked,
            new Person("operator", tenant: null, "operator", "1234"),
            _ => { },
            Cancellation);
        staged?.Invoke(stage);
        var description = await host.Anonymous.GetStringAsync(new Uri("/openapi.json", UriKind.Relative), Cancellation);
        using var walk = new PermissionWalk(attacked, stage, [await ExpiredAsync(host, stage.Author)], (_, _) => { })
        {
            OnlyRowsOfOthers = onlyRowsOfOthers,
        };
        return await walk.RunAsync(choose(ApiDescription.Read(description)), Cancellation);
    }

    /// <summary>Signed as it should be, at the beginning of 2026.</summary>
    private static async Task<string> ExpiredAsync(ApiHost host, Person person)
    {
        var services = host.Services;
        var issuer = new TokenIssuer(
            services.GetRequiredService<TokenKeys>(), services.GetRequiredService<IOptions<TokenOptions>>(), new ManualTime());
        var token = await issuer.IssueAsync(
            Guid.NewGuid().ToString(), person.Username, person.Tenant, [person.Role], cancellationToken: Cancellation);
        return token.Value;
    }

    /// <summary>A service with holes: some operations are done as somebody who may, whoever asks.</summary>
    private sealed class Holes() : DelegatingHandler(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
    {
        public Stage? Stage { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri!.AbsolutePath;
            var person = path == "/me" || path.StartsWith("/api/v1/conversations/", StringComparison.Ordinal) ? Stage?.Author
                : path.StartsWith("/api/v1/knowledge/entries/", StringComparison.Ordinal) ? Stage?.Owner
                : null;
            if (path == "/api/v1/hole")
                return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{}") };
            if (person is not null)
                request.Headers.Authorization = new("Bearer", person.Token);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
