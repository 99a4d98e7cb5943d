using System.Net;
using System.Net.Http.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Health;
using Mefapex.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class HealthTests
{
    private static readonly string[] Ready = [HealthEndpoints.ReadyTag];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Liveness_describes_the_process()
    {
        await using var service = await LoopbackService.StartAsync(
            settings: new(StringComparer.Ordinal) { ["OTEL_SERVICE_NAME"] = "api" });

        var live = await service.Client.GetFromJsonAsync<Liveness>("/health/live", WireJson.Options, Cancellation);

        live.ShouldNotBeNull();
        live.Status.ShouldBe("healthy");
        live.Service.ShouldBe("api");
        live.Version.ShouldMatch(@"^\d+\.\d+");
        live.Pid.ShouldBe(Environment.ProcessId);
        live.ResidentMb.ShouldBeInRange(10, 10_000);
        live.UptimeSeconds.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Readiness_names_every_check_and_passes_over_those_that_do_not_decide_it()
    {
        await using var service = await StartAsync(checks => checks
            .AddCheck("database", () => HealthCheckResult.Healthy("16 tables"), Ready)
            .AddCheck("disk", () => HealthCheckResult.Unhealthy("full")));

        var (status, ready) = await ReadAsync(service);

        status.ShouldBe(HttpStatusCode.OK);
        ready.Status.ShouldBe("healthy");
        var check = ready.Checks.ShouldHaveSingleItem();
        (check.Name, check.Status, check.Description).ShouldBe(("database", "healthy", "16 tables"));
    }

    [Fact]
    public async Task A_degraded_service_stays_ready()
    {
        await using var service = await StartAsync(checks =>
            checks.AddCheck("ai", () => HealthCheckResult.Degraded("lexical answers only"), Ready));

        var (status, ready) = await ReadAsync(service);

        status.ShouldBe(HttpStatusCode.OK);
        ready.Status.ShouldBe("degraded");
    }

    [Fact]
    public async Task A_failed_check_answers_503_without_saying_what_the_exception_said()
    {
        await using var service = await StartAsync(checks => checks.AddCheck(
            "database", () => throw new InvalidOperationException("Host=db1;Password=hunter2"), Ready));

        var (status, ready) = await ReadAsync(service);

        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        ready.Status.ShouldBe("unhealthy");
        ready.Checks.ShouldHaveSingleItem().Description.ShouldBe("failed with InvalidOperationException, see the log");
    }

    [Fact]
    public async Task A_check_that_hangs_does_not_touch_liveness()
    {
        var reached = new TaskCompletionSource();
        await using var service = await StartAsync(checks => checks.AddAsyncCheck(
            "database",
            async cancellationToken =>
            {
                reached.SetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return HealthCheckResult.Healthy();
            },
            Ready));
        using var impatience = new CancellationTokenSource();
        var pending = service.Client.GetAsync("/health/ready", impatience.Token);
        await reached.Task.WaitAsync(Cancellation);

        (await service.Client.GetAsync("/health/live", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);

        await impatience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => pending);
    }

    private static Task<LoopbackService> StartAsync(Action<IHealthChecksBuilder> checks) =>
        LoopbackService.StartAsync(add: builder => checks(builder.Services.AddHealthChecks()));

    private static async Task<(HttpStatusCode Status, Readiness Ready)> ReadAsync(LoopbackService service)
    {
        using var response = await service.Client.GetAsync("/health/ready", Cancellation);
        var ready = await response.Content.ReadFromJsonAsync<Readiness>(WireJson.Options, Cancellation);
        return (response.StatusCode, ready.ShouldNotBeNull());
    }
}
