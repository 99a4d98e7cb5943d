using System.Diagnostics;
using System.Globalization;
using Mefapex.Contracts.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// Liveness says that the process runs and does no work for it, so that a busy service is not restarted; readiness
/// runs the checks that carry <see cref="ReadyTag"/>.
/// </summary>
public static class HealthEndpoints
{
    /// <summary>Tag of the health checks that decide <c>/health/ready</c>.</summary>
    public const string ReadyTag = "ready";

    internal const string Prefix = "/health";

    internal static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup(Prefix).AllowAnonymous().DisableHttpMetrics().ExcludeFromDescription();
        health.MapGet("/live", Live);
        health.MapGet("/ready", ReadyAsync);
    }

    private static Ok<Liveness> Live(ServiceIdentity identity, TimeProvider time)
    {
        using var process = Process.GetCurrentProcess();
        var uptime = time.GetUtcNow() - new DateTimeOffset(process.StartTime);
        return TypedResults.Ok(new Liveness(
            "healthy",
            identity.Name,
            identity.Version,
            Environment.ProcessId,
            Math.Round(process.WorkingSet64 / (1024.0 * 1024), 1),
            Math.Round(uptime.TotalSeconds, 1)));
    }

    private static async Task<JsonHttpResult<Readiness>> ReadyAsync(
        HealthCheckService checks, ServiceIdentity identity, HttpContext context, CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(check => check.Tags.Contains(ReadyTag), cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new Readiness(
                NameOf(report.Status),
                identity.Name,
                [.. report.Entries.Select(entry => new ReadinessCheck(
                    entry.Key, NameOf(entry.Value.Status), Describe(entry.Value), Math.Round(entry.Value.Duration.TotalMilliseconds, 1)))]),
            statusCode: report.Status == HealthStatus.Unhealthy
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status200OK);
    }

    // The message of an exception may name hosts, users or files: only a text that a check wrote itself is shown.
    private static string? Describe(HealthReportEntry entry) =>
        entry.Exception is { } exception && (entry.Description is null || entry.Description == exception.Message)
            ? string.Create(CultureInfo.InvariantCulture, $"failed with {exception.GetType().Name}, see the log")
            : entry.Description;

    private static string NameOf(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
