using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Mefapex.ServiceDefaults;

internal static class TelemetryExtensions
{
    /// <summary>Present where a collector or dashboard listens; its protocol is in <c>OTEL_EXPORTER_OTLP_PROTOCOL</c>.</summary>
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    // A click in a Blazor circuit is its own trace: the event span holds the calls to the API that follow from it.
    private static readonly string[] Sources =
    [
        "Mefapex.*",
        "Microsoft.AspNetCore.Components",
        "Microsoft.AspNetCore.Components.Server.Circuits",
        "Npgsql",
    ];

    private static readonly string[] Meters =
    [
        "Mefapex.*",
        "Microsoft.AspNetCore.Components",
        "Microsoft.AspNetCore.Components.Lifecycle",
        "Microsoft.AspNetCore.Components.Server.Circuits",
        "Npgsql",
        "Polly",
    ];

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        var identity = ServiceIdentity.Of(builder);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                identity.Name, serviceVersion: identity.Version, serviceInstanceId: identity.InstanceId))
            .WithTracing(tracing => tracing
                .AddSource(Sources)
                .AddAspNetCoreInstrumentation(options =>
                {
                    options.Filter = context => !context.Request.Path.StartsWithSegments(HealthEndpoints.Prefix, StringComparison.Ordinal);

                    // A span for every message of a Blazor circuit would bury those of its events.
                    options.EnableAspNetCoreSignalRSupport = false;
                })
                .AddHttpClientInstrumentation()
                .AddProcessor(new PersonalTags()))
            .WithMetrics(metrics => metrics
                .AddMeter(Meters)
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation());

        if (string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpoint]))
            return;

        telemetry.WithLogging(configureBuilder: null, logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.IncludeScopes = true;
        });
        telemetry.UseOtlpExporter();
    }
}
