using System.Collections.Concurrent;
using Mefapex.Cli;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mefapex.Tests.Cli.Evaluation;

public sealed class ChatApiTests
{
    private const string Answer =
        """{"response":"…","decision":"answer","sources":[{"id":"izin","score":0.9}],"confidence":0.9,"language":"tr","degradation":"no-generator","response_time_ms":2}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_API_is_asked_again_when_it_says()
    {
        var time = new ManualTime();
        await using var server = await Server.StartAsync((context, number) =>
        {
            if (number > 1)
                return Json(context, Answer);
            context.Response.Headers.RetryAfter = "7";
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return Task.CompletedTask;
        });

        var asking = server.Api(time).AskAsync(Question(2), Cancellation);
        await Eventually.UntilAsync(() => server.Tenants.Count == 1, "the API is asked");
        while (server.Tenants.Count == 1)
        {
            await Task.Delay(5, Cancellation);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        (await asking).IsRight.ShouldBeTrue();
        time.GetUtcNow().ShouldBeGreaterThanOrEqualTo(new ManualTime().GetUtcNow().AddSeconds(7));
        server.Tenants.ShouldBe(["fabrika", "fabrika"]);
    }

    [Fact]
    public async Task An_unknown_tenant_is_named_with_its_line()
    {
        await using var server = await Server.StartAsync((context, _) => Problem(context, 404, "tenant-not-found"));

        var refusal = await Should.ThrowAsync<SetupException>(server.Api().AskAsync(Question(12), Cancellation));

        refusal.Message.ShouldBe("Line 12: there is no tenant 'fabrika'.");
        refusal.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task An_error_is_the_outcome_of_its_question_and_no_more()
    {
        await using var server = await Server.StartAsync((context, _) => Problem(context, 500, "unexpected"));

        var outcome = await server.Api().AskAsync(Question(2), Cancellation);

        outcome.Answer.ShouldBeNull();
        outcome.Problem.ShouldBe("500: what is wrong");
        outcome.IsRight.ShouldBeFalse();
    }

    [Fact]
    public async Task Where_nothing_listens_that_is_said()
    {
        using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:9") };

        var failure = await Should.ThrowAsync<SetupException>(new ChatApi(http, TimeProvider.System).AskAsync(Question(2), Cancellation));

        failure.Message.ShouldBe("Nothing answers at http://127.0.0.1:9/.");
    }

    [Fact]
    public async Task A_run_that_is_stopped_keeps_what_it_has()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var server = await Server.StartAsync(async (context, number) =>
        {
            if (number > 6)
            {
                await stop.CancelAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            await Json(context, Answer);
        });
        var evaluation = new Mefapex.Cli.Evaluation(server.Api(), Terminal.Standard(TextWriter.Null, redirected: true), TimeProvider.System);

        var result = await evaluation.RunAsync([.. Enumerable.Range(2, 50).Select(Question)], stop.Token);

        result.IsPartial.ShouldBeTrue();
        result.Outcomes.Count.ShouldBeInRange(1, 6);
        result.Outcomes.Select(outcome => outcome.Question.Line).ShouldBeInOrder();
        result.Scores[0].HitAt1.ShouldBe(1);
    }

    private static EvalQuestion Question(int line) => new(line, "fabrika", "tr", "İzin?", ["izin"], "typo");

    private static Task Json(HttpContext context, string json) =>
        Results.Text(json, "application/json").ExecuteAsync(context);

    private static Task Problem(HttpContext context, int status, string slug) =>
        Results.Problem("what is wrong", statusCode: status, type: "urn:mefapex:problem:" + slug).ExecuteAsync(context);

    private sealed class Server(WebApplication app) : IAsyncDisposable
    {
        private readonly List<HttpClient> _clients = [];

        /// <summary>Of each request, in order.</summary>
        public ConcurrentQueue<string> Tenants { get; } = new();

        public static async Task<Server> StartAsync(Func<HttpContext, int, Task> answer)
        {
            var builder = WebApplication.CreateBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var server = new Server(builder.Build());
            server.Listen(answer);
            await server.StartAsync();
            return server;
        }

        public ChatApi Api(TimeProvider? time = null)
        {
            var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
            _clients.Add(http);
            return new ChatApi(http, time ?? TimeProvider.System);
        }

        public async ValueTask DisposeAsync()
        {
            _clients.ForEach(client => client.Dispose());
            await app.DisposeAsync();
        }

        private void Listen(Func<HttpContext, int, Task> answer) => app.Run(context =>
        {
            Tenants.Enqueue(context.Request.Headers["X-Tenant"].ToString());
            return answer(context, Tenants.Count);
        });

        private Task StartAsync() => app.StartAsync(Cancellation);
    }
}
