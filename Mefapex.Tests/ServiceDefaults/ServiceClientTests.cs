using System.Collections.Concurrent;
using System.Net;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class ServiceClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Endpoints_take_turns()
    {
        await using var first = await ReplicaAsync("first");
        await using var second = await ReplicaAsync("second");
        await using var third = await ReplicaAsync("third");
        await using var caller = await CallerAsync([first.Address, second.Address, third.Address]);

        var answers = new List<string>();
        for (var i = 0; i < 6; i++)
            answers.Add(await caller.Http.GetStringAsync("/who", Cancellation));

        answers.ShouldBe(["first", "second", "third", "first", "second", "third"]);
    }

    [Fact]
    public async Task A_dead_endpoint_of_three_costs_no_request_and_is_passed_over_until_it_cooled()
    {
        var deadPort = LoopbackService.FreePort();
        var dead = Loopback(deadPort);
        await using var second = await ReplicaAsync("second");
        await using var third = await ReplicaAsync("third");
        await using var caller = await CallerAsync([dead, second.Address, third.Address]);

        for (var i = 0; i < 12; i++)
            (await PostAsync(caller, "/who")).ShouldBeOneOf("second", "third");
        caller.AttemptsAt(dead).ShouldBe(1);

        caller.Time.Advance(TimeSpan.FromSeconds(6));
        await using var revived = await ReplicaAsync("first", deadPort);
        var answers = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 3; i++)
            answers.Add(await PostAsync(caller, "/who"));

        answers.ShouldBe(["first", "second", "third"], ignoreOrder: true);
    }

    [Fact]
    public async Task Parallel_requests_all_succeed_beside_dead_endpoints()
    {
        await using var alive = await ReplicaAsync("alive");
        await using var caller = await CallerAsync(
            [Loopback(LoopbackService.FreePort()), alive.Address, Loopback(LoopbackService.FreePort())]);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PostAsync(caller, "/who")));

        answers.ShouldAllBe(answer => answer == "alive");
    }

    [Fact]
    public async Task An_endpoint_that_hangs_is_passed_over_after_the_attempt_timeout()
    {
        await using var hanging = await ReplicaAsync("hanging", onWho: HangAsync);
        await using var alive = await ReplicaAsync("alive");
        await using var caller = await CallerAsync([hanging.Address, alive.Address], Timeouts("00:00:00.3", "00:00:05"));

        for (var i = 0; i < 4; i++)
            (await caller.Http.GetStringAsync("/who", Cancellation)).ShouldBe("alive");

        caller.AttemptsAt(hanging.Address).ShouldBe(1);
    }

    [Fact]
    public async Task A_service_whose_only_endpoint_came_back_is_found_at_once()
    {
        var port = LoopbackService.FreePort();
        await using var caller = await CallerAsync([Loopback(port)]);
        await Should.ThrowAsync<HttpRequestException>(() => PostAsync(caller, "/who"));

        await using var revived = await ReplicaAsync("back", port);

        (await PostAsync(caller, "/who")).ShouldBe("back");
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 4)]
    public async Task A_post_that_failed_in_the_service_is_repeated_only_where_asking_twice_does_no_harm(bool idempotent, int attempts)
    {
        await using var failing = await ReplicaAsync("failing", onWho: context =>
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        });
        await using var caller = await CallerAsync([failing.Address], configure: client => client.Idempotent = idempotent);

        using var response = await caller.Http.PostAsync("/who", null, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        caller.AttemptsAt(failing.Address).ShouldBe(attempts);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 4)]
    public async Task A_post_that_timed_out_is_repeated_only_where_asking_twice_does_no_harm(bool idempotent, int attempts)
    {
        await using var hanging = await ReplicaAsync("hanging", onWho: HangAsync);
        await using var caller = await CallerAsync(
            [hanging.Address],
            Timeouts("00:00:00.1", "00:00:10"),
            client => client.Idempotent = idempotent);

        var failure = await Should.ThrowAsync<HttpRequestException>(() => PostAsync(caller, "/who"));

        failure.Message.ShouldContain("'replicas' did not answer within 00:00:00.1");
        caller.AttemptsAt(hanging.Address).ShouldBe(attempts);
    }

    [Fact]
    public async Task A_client_of_its_own_timeouts_does_not_share_those_of_the_others()
    {
        await using var slow = await ReplicaAsync("slow", onWho: async context =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(600), context.RequestAborted);
            await context.Response.WriteAsync("slow", context.RequestAborted);
        });
        await using var caller = await CallerAsync(
            [slow.Address],
            Timeouts("00:00:00.2", "00:00:01"),
            client => (client.AttemptTimeout, client.TotalTimeout) = (TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20)));

        (await PostAsync(caller, "/who")).ShouldBe("slow");
        var others = caller.Service.App.Services.GetRequiredService<IHttpClientFactory>().CreateClient("others");
        await Should.ThrowAsync<HttpRequestException>(() => others.PostAsync("http://replicas/who", null, Cancellation));
    }

    [Fact]
    public async Task A_stream_may_outlast_the_timeouts_once_it_has_begun()
    {
        await using var streaming = await ReplicaAsync("streaming", onWho: async context =>
        {
            await context.Response.WriteAsync("one ", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(TimeSpan.FromSeconds(1), context.RequestAborted);
            await context.Response.WriteAsync("two", context.RequestAborted);
        });
        await using var caller = await CallerAsync([streaming.Address], Timeouts("00:00:00.4", "00:00:00.5"));

        using var response = await caller.Http.GetAsync("/who", HttpCompletionOption.ResponseHeadersRead, Cancellation);

        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldBe("one two");
    }

    [Fact]
    public async Task The_breaker_opens_on_a_service_that_keeps_failing_and_closes_when_it_is_back()
    {
        var port = LoopbackService.FreePort();
        await using var caller = await CallerAsync([Loopback(port)], new(StringComparer.Ordinal)
        {
            ["ServiceClients:BreakAtCalls"] = "4",
            ["ServiceClients:BreakDuration"] = "00:01:00",
        });
        for (var i = 0; i < 2; i++)
            await Should.ThrowAsync<HttpRequestException>(() => PostAsync(caller, "/who"));
        await using var revived = await ReplicaAsync("back", port);

        var failure = await Should.ThrowAsync<HttpRequestException>(() => PostAsync(caller, "/who"));
        failure.Message.ShouldContain("left alone");
        failure.HttpRequestError.ShouldBe(HttpRequestError.ConnectionError);
        var circuits = caller.Service.App.Services.GetRequiredService<CircuitStates>();
        circuits.All["replicas"].ShouldSatisfyAllConditions(
            circuit => circuit.State.ShouldBe("open"),
            circuit => circuit.Opened.ShouldBe(1),
            circuit => circuit.Reason.ShouldBe("SocketException"));
        var opened = circuits.All["replicas"].Since;

        caller.Time.Advance(TimeSpan.FromMinutes(2));
        (await PostAsync(caller, "/who")).ShouldBe("back");
        (await PostAsync(caller, "/who")).ShouldBe("back");
        circuits.All["replicas"].ShouldSatisfyAllConditions(
            circuit => circuit.State.ShouldBe("closed"),
            circuit => circuit.Since.ShouldBeGreaterThan(opened),
            circuit => circuit.Opened.ShouldBe(1),
            circuit => circuit.Reason.ShouldBeNull());
    }

    [Fact]
    public async Task A_broken_service_does_not_stop_calls_to_another()
    {
        await using var alive = await ReplicaAsync("alive");
        await using var caller = await CallerAsync([Loopback(LoopbackService.FreePort())], new(StringComparer.Ordinal)
        {
            ["services:others:http:0"] = alive.Address.ToString(),
            ["ServiceClients:BreakAtCalls"] = "2",
        });
        for (var i = 0; i < 3; i++)
            await Should.ThrowAsync<HttpRequestException>(() => PostAsync(caller, "/who"));

        (await caller.Http.GetStringAsync("http://others/who", Cancellation)).ShouldBe("alive");
    }

    [Fact]
    public async Task The_callers_cancellation_is_passed_on_as_such()
    {
        await using var hanging = await ReplicaAsync("hanging", onWho: HangAsync);
        await using var caller = await CallerAsync([hanging.Address]);
        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        impatience.CancelAfter(TimeSpan.FromMilliseconds(200));

        await Should.ThrowAsync<OperationCanceledException>(() => caller.Http.GetStringAsync("/who", impatience.Token));
    }

    [Fact]
    public async Task An_endpoint_may_be_configured_as_host_and_port()
    {
        await using var alive = await ReplicaAsync("alive");
        await using var caller = await CallerAsync([], new(StringComparer.Ordinal)
        {
            ["services:replicas:http:0"] = alive.Address.Authority,
        });

        (await PostAsync(caller, "/who")).ShouldBe("alive");
    }

    [Fact]
    public async Task An_address_that_is_no_service_name_is_called_as_it_stands()
    {
        await using var alive = await ReplicaAsync("alive");
        await using var caller = await CallerAsync([], new(StringComparer.Ordinal) { ["Outgoing:AllowedHosts"] = "127.0.0.1" });

        (await caller.Http.GetStringAsync(new Uri(alive.Address, "/who"), Cancellation)).ShouldBe("alive");
    }

    [Fact]
    public async Task The_callers_correlation_id_travels_to_the_next_service()
    {
        await using var next = await ReplicaAsync("next", onWho: context =>
            context.Response.WriteAsync(Correlation.Current ?? "none", context.RequestAborted));
        await using var caller = await CallerAsync([next.Address]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/relay");
        request.Headers.Add(Correlation.Header, "shift-7.line_2");

        using var response = await caller.Service.Client.SendAsync(request, Cancellation);

        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldBe("shift-7.line_2");
    }

    [Fact]
    public async Task Contradicting_timeouts_refuse_the_start_and_name_both()
    {
        // More than one check may refuse them; then the exception is an aggregate.
        var refusal = await Should.ThrowAsync<Exception>(() =>
            LoopbackService.StartAsync(settings: Timeouts("00:00:10", "00:00:05")));

        refusal.Message.ShouldContain("ServiceClients:TotalTimeout is 00:00:05");
        refusal.Message.ShouldContain("AttemptTimeout (00:00:10)");
    }

    private static Task HangAsync(HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted);

    private static Dictionary<string, string?> Timeouts(string attempt, string total) => new(StringComparer.Ordinal)
    {
        ["ServiceClients:AttemptTimeout"] = attempt,
        ["ServiceClients:TotalTimeout"] = total,
    };

    private static Uri Loopback(int port) => new($"http://127.0.0.1:{port}/");

    private static async Task<string> PostAsync(Caller caller, string path)
    {
        using var response = await caller.Http.PostAsync(path, new StringContent("question"), Cancellation);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(Cancellation);
    }

    private static Task<LoopbackService> ReplicaAsync(string name, int port = 0, RequestDelegate? onWho = null) =>
        LoopbackService.StartAsync(
            app => app.Map("/who", onWho ?? (context => context.Response.WriteAsync(name, context.RequestAborted))),
            port: port);

    private static async Task<Caller> CallerAsync(
        Uri[] endpoints,
        Dictionary<string, string?>? settings = null,
        Action<ServiceClientOptions>? configure = null)
    {
        var time = new MovableTime();
        var attempts = new ConcurrentQueue<Uri>();
        settings ??= new(StringComparer.Ordinal);
        for (var i = 0; i < endpoints.Length; i++)
            settings[$"services:replicas:http:{i}"] = endpoints[i].ToString();
        var service = await LoopbackService.StartAsync(
            app => app.MapGet("/relay", (IHttpClientFactory clients, CancellationToken cancellationToken) =>
                clients.CreateClient("caller").GetStringAsync("/who", cancellationToken)),
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddHttpClient("caller", http => http.BaseAddress = new Uri("http://replicas"))
                    .ConfigureServiceClient(configure ?? (_ => { }))
                    .AddHttpMessageHandler(() => new AttemptRecorder(attempts));
            },
            settings);
        var http = service.App.Services.GetRequiredService<IHttpClientFactory>().CreateClient("caller");
        return new Caller(service, http, time, attempts);
    }

    private sealed record Caller(LoopbackService Service, HttpClient Http, MovableTime Time, ConcurrentQueue<Uri> Attempts)
        : IAsyncDisposable
    {
        public int AttemptsAt(Uri endpoint) => Attempts.Count(attempt => attempt.Port == endpoint.Port);

        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }

    /// <summary>The innermost handler: sees where each attempt really goes.</summary>
    private sealed class AttemptRecorder(ConcurrentQueue<Uri> attempts) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            attempts.Enqueue(request.RequestUri!);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
