using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Mefapex.Cli;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Api.Knowledge.Entries;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Fuzz;

/// <summary>
/// Bodies that no caller should send, to every operation that takes JSON: the answer may refuse, it may not be a failure
/// of ours, and it comes. <c>MEFAPEX_FUZZ_BODIES</c> says how many; with 20,000 and more memory is measured too, so that
/// such a run stands alone: <c>MEFAPEX_FUZZ_BODIES=20000 ./mefapex test Api.Fuzz</c>. <c>MEFAPEX_FUZZ_SEED</c> repeats one.
/// </summary>
public sealed class FuzzTests(ApiFactory api, ITestOutputHelper output) : IClassFixture<ApiFactory>
{
    private const int DefaultBodies = 1200;
    private const int Alone = 20_000;
    private const int AtOnce = 4;
    private const int Size = 12;

    /// <summary>What a run of <see cref="Alone"/> bodies may leave behind, mostly answers and rows that caches keep: MiB.</summary>
    private const double GrowthLimit = 64;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ApiHost Host => api.Host;

    [Theory]
    [InlineData("POST", "/api/v1/knowledge/labels", """{"question":"Nerede?","expected":[null]}""", 400)]
    [InlineData("POST", "/api/v1/knowledge/calibration/fit", """{"questions":[null]}""", 400)]
    [InlineData("POST", "/api/v1/knowledge/synonyms/preview", """{"add":[null],"change":[null]}""", 400)]
    [InlineData("POST", "/api/v1/knowledge/categories/merge", """{"from":["\u0000"],"into":"Terlik"}""", 400)]
    [InlineData("POST", "/api/v1/knowledge/bench", """{"question":"Nerede?","as":["\u0000"]}""", 400)]
    [InlineData("POST", "/login", "{}", 415, "application/json; charset=nonsense")]
    public async Task What_failed_once_is_refused(string method, string path, string body, int status, string type = "application/json")
    {
        using var admin = new HttpClient { BaseAddress = Host.Address };
        await SignInAsync(admin);
        var (answered, said) = await SendAsync(admin, method, path, new(Encoding.UTF8.GetBytes(body), type), Cancellation);
        answered.ShouldBe(status, said);
    }

    [Fact]
    public async Task No_body_makes_an_operation_fail_or_hang()
    {
        var bodies = Number("MEFAPEX_FUZZ_BODIES", DefaultBodies);
        var seed = (ulong)Number("MEFAPEX_FUZZ_SEED", 20261121);
        var operations = ApiDescription.Read(await Host.Anonymous.GetStringAsync(new Uri("/openapi.json", UriKind.Relative), Cancellation))
            .Where(operation => operation.JsonBody is not null)
            // Whoever takes their own roles away has nothing to fuzz any more.
            .OrderBy(operation => operation.Path.StartsWith("/api/v1/admin/users/", StringComparison.Ordinal))
            .ToList();
        operations.Count.ShouldBeGreaterThan(30);
        await AddRowsAsync();

        var findings = new List<string>();
        var statuses = new SortedDictionary<int, int>();
        var begin = Stopwatch.GetTimestamp();
        var each = (bodies / operations.Count) + 1;

        // What the first requests set up for good is no growth.
        if (bodies >= Alone)
            await RunAsync(operations, each: 20, seed + 1, findings, []);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await RunAsync(operations, each, seed, findings, statuses);
        var growth = (GC.GetTotalMemory(forceFullCollection: true) - before) / (1024.0 * 1024);

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{statuses.Values.Sum()} bodies to {operations.Count} operations in {Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s, {growth:0.0} MiB more in use: {string.Join(", ", statuses.Select(s => $"{s.Value} × {s.Key}"))}"));
        findings.ShouldBeEmpty();
        statuses.Keys.ShouldContain(400);
        statuses.Keys.ShouldContain(200);
        if (bodies >= Alone)
            growth.ShouldBeLessThan(GrowthLimit);
    }

    private async Task RunAsync(
        IReadOnlyList<ApiOperation> operations,
        int each,
        ulong seed,
        List<string> findings,
        SortedDictionary<int, int> statuses)
    {
        using var admin = new HttpClient { BaseAddress = Host.Address, Timeout = AnswerLimit };
        foreach (var (index, operation) in operations.Index())
        {
            await SignInAsync(admin);
            var path = await new RowFinder((list, stop) => ReadAsync(admin, list, stop)).FillAsync(operation.Path, Cancellation) ?? Unknown(operation.Path);
            var sent = HostileJson.For(operation.JsonBody!).Sample(each, new Rnd(seed + ((ulong)index << 32)), Size);
            await Parallel.ForEachAsync(
                sent,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Cancellation },
                async (body, cancellationToken) =>
                {
                    // Open operations are for people without a token, and one of them would end the session.
                    var client = operation.NeedsToken ? admin : Host.Anonymous;
                    var (status, said) = await SendAsync(client, operation.Method, path, body, cancellationToken);
                    lock (findings)
                    {
                        statuses[status] = statuses.GetValueOrDefault(status) + 1;
                        if (status is 0 or >= 500)
                            findings.Add(string.Create(CultureInfo.InvariantCulture, $"{operation.Name} answered {status} to {body}\n  {said}"));
                    }
                });
        }
    }

    /// <returns>Status 0 when there was no answer.</returns>
    private static async Task<(int Status, string Said)> SendAsync(
        HttpClient client, string method, string path, HostileBody body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative))
        {
            Content = new ByteArrayContent(body.Bytes),
        };
        if (body.ContentType is { } type)
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        request.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (0, e.Message);
        }
    }

    /// <summary>A session that a body has ended is begun anew.</summary>
    private async Task SignInAsync(HttpClient admin)
    {
        using var me = await admin.GetAsync(new Uri("/me", UriKind.Relative), Cancellation);
        if (me.StatusCode != HttpStatusCode.Unauthorized)
            return;
        using var signedIn = await Host.SignInAsync("yonetici");
        admin.DefaultRequestHeaders.Authorization = signedIn.DefaultRequestHeaders.Authorization;
    }

    /// <summary>Rows of each kind, so that bodies come past "there is no such row".</summary>
    private async Task AddRowsAsync()
    {
        using var editor = await EditorClient.SignInAsync(Host, "yonetici");
        await editor.CreateAsync(EditorClient.Write("Terlik dolabı nerede?", "Girişte."));
        await editor.Http.PostWireAsync<SynonymItem>("/api/v1/knowledge/synonyms", new SynonymTerms(["terlik", "pabuç"]));
        await editor.Http.PostWireAsync<LabelItem>("/api/v1/knowledge/labels", new LabelDraft("Yıllık izin nasıl alınır?", "tr", []));
        var answer = await editor.Http.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Mars gezegeninde kaç uydu var?"));
        using var feedback = await editor.Http.PutWireAsync(
            $"/api/v1/conversations/{answer.SessionId}/messages/{answer.MessageId}/feedback", new FeedbackRequest(false));
        feedback.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<string?> ReadAsync(HttpClient client, string path, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(cancellationToken) : null;
    }

    private static string Unknown(string path) =>
        string.Join('/', path.Split('/').Select(segment => segment.StartsWith('{') ? Guid.NewGuid().ToString() : segment));

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
