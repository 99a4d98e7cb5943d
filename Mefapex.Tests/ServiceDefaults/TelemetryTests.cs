using System.Collections.Concurrent;
using System.Diagnostics;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class TelemetryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_trace_runs_through_both_services()
    {
        await using var ai = await TracedService.StartAsync("ai", app => app.MapPost("/embedding/{model}", (string model) => model));
        await using var api = await TracedService.StartAsync(
            "api",
            app => app.MapGet("/chat/{id:int}", async (int id, IHttpClientFactory clients, CancellationToken cancellationToken) =>
            {
                using var answer = await clients.CreateClient().PostAsync("http://ai/embedding/tiny", null, cancellationToken);
                return answer.StatusCode;
            }),
            ai.Service.Address);
        var trace = ActivityTraceId.CreateRandom();

        await api.GetAsync("/chat/7", trace);
        var apiSpans = await api.StopAsync(trace);
        var aiSpans = await ai.StopAsync(trace);

        var request = apiSpans.Where(span => span.Kind == ActivityKind.Server && span.DisplayName == "GET /chat/{id:int}").ShouldHaveSingleItem();
        var call = apiSpans.Where(span => span.Kind == ActivityKind.Client && span.ParentSpanId == request.SpanId).ShouldHaveSingleItem();
        var called = aiSpans.Where(span => span.ParentSpanId == call.SpanId).ShouldHaveSingleItem();
        called.DisplayName.ShouldBe("POST /embedding/{model}");
        called.GetTagItem("http.route").ShouldBe("/embedding/{model}");
        called.GetTagItem("http.request.method").ShouldBe("POST");
        called.GetTagItem("url.path").ShouldBe("/embedding/tiny");
        called.GetTagItem("http.response.status_code").ShouldBe(200);
    }

    [Fact]
    public async Task Health_probes_and_what_they_cause_are_not_traced()
    {
        using var source = new ActivitySource("Mefapex.Tests.Probe");
        await using var service = await TracedService.StartAsync("api", app => app.MapGet("/health/deep", () =>
        {
            using var span = source.StartActivity("query");
            return "ok";
        }));
        var probed = ActivityTraceId.CreateRandom();
        var asked = ActivityTraceId.CreateRandom();

        await service.GetAsync("/health/live", probed);
        await service.GetAsync("/health/deep", probed);
        await service.GetAsync("/openapi", asked);

        (await service.StopAsync(asked)).ShouldNotBeEmpty();
        (await service.StopAsync(probed)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failure_marks_the_span()
    {
        await using var service = await TracedService.StartAsync("api", app => app.MapGet("/boom", string () => throw new InvalidOperationException()));
        var trace = ActivityTraceId.CreateRandom();

        await service.GetAsync("/boom", trace);

        var span = (await service.StopAsync(trace)).ShouldHaveSingleItem();
        span.Status.ShouldBe(ActivityStatusCode.Error);
        span.GetTagItem("http.response.status_code").ShouldBe(500);
    }

    [Fact]
    public async Task Spans_carry_the_services_name_version_and_instance()
    {
        await using var service = await TracedService.StartAsync("api", _ => { });

        var attributes = service.Service.App.Services.GetRequiredService<TracerProvider>().GetResource().Attributes
            .ToDictionary(attribute => attribute.Key, attribute => attribute.Value, StringComparer.Ordinal);

        attributes["service.name"].ShouldBe("api");
        attributes["service.version"].ToString()!.ShouldMatch(@"^\d+\.\d+");
        attributes["service.instance.id"].ToString()!.ShouldEndWith($"-{Environment.ProcessId}");
    }

    [Theory]
    [InlineData("shift-7.line_2", true)]
    [InlineData("two words", false)]
    [InlineData("<script>", false)]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345", false)]
    public async Task A_sane_correlation_id_is_kept_and_any_other_replaced_by_the_trace(string sent, bool kept)
    {
        await using var service = await TracedService.StartAsync("api", _ => { });
        var trace = ActivityTraceId.CreateRandom();

        var id = await service.GetAsync("/nothing", trace, sent);

        id.ShouldBe(kept ? sent : trace.ToHexString());
        (await service.StopAsync(trace)).ShouldHaveSingleItem().GetTagItem("correlation.id").ShouldBe(kept ? sent : null);
    }

    [Fact]
    public async Task An_error_answer_carries_the_correlation_id()
    {
        await using var service = await TracedService.StartAsync("api", app => app.MapGet("/boom", string () => throw new InvalidOperationException()));

        (await service.GetAsync("/boom", ActivityTraceId.CreateRandom(), "case-4")).ShouldBe("case-4");
    }

    private sealed record TracedService(LoopbackService Service, ConcurrentQueue<Activity> Ended) : IAsyncDisposable
    {
        public static async Task<TracedService> StartAsync(string name, Action<WebApplication> map, Uri? ai = null)
        {
            var ended = new ConcurrentQueue<Activity>();
            var service = await LoopbackService.StartAsync(
                map,
                builder => builder.Services.ConfigureOpenTelemetryTracerProvider(tracing =>
                    tracing.AddProcessor(_ => new SimpleActivityExportProcessor(new MemoryExporter(ended)))),
                new(StringComparer.Ordinal)
                {
                    ["OTEL_SERVICE_NAME"] = name,
                    ["services:ai:http:0"] = ai?.ToString(),
                });
            return new TracedService(service, ended);
        }

        /// <summary>
        /// Exported spans of the trace, after the last request ended; the process has one set of sources, so every
        /// service sees the spans of all.
        /// </summary>
        public async Task<IReadOnlyList<Activity>> StopAsync(ActivityTraceId trace)
        {
            await Service.App.StopAsync(Cancellation);
            return [.. Ended.Where(span => span.TraceId == trace)];
        }

        /// <returns>The correlation id of the answer.</returns>
        public async Task<string> GetAsync(string path, ActivityTraceId trace, string? correlationId = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
            if (correlationId is not null)
                request.Headers.TryAddWithoutValidation(Correlation.Header, correlationId);
            using var handler = new SocketsHttpHandler { ActivityHeadersPropagator = null };
            using var client = new HttpClient(handler) { BaseAddress = Service.Address };
            using var response = await client.SendAsync(request, Cancellation);
            return response.Headers.GetValues(Correlation.Header).Single();
        }

        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }

    private sealed class MemoryExporter(ConcurrentQueue<Activity> ended) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch)
                ended.Enqueue(span);
            return ExportResult.Success;
        }
    }
}
