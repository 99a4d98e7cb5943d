using Mefapex.Api.Data;
using Mefapex.Contracts.Health;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.Api.Http;

/// <summary>The health path of the old contract: the same checks as readiness, in its words.</summary>
internal static class HealthEndpoint
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/health", ReadAsync).WithTags("Health").AllowAnonymous();

    private static async Task<Results<Ok<ServiceHealth>, JsonHttpResult<ServiceHealth>>> ReadAsync(
        HealthCheckService checks,
        ServiceIdentity identity,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(check => check.Tags.Contains(HealthEndpoints.ReadyTag), cancellationToken);
        var health = new ServiceHealth(
            Word(report.Status),
            identity.Version,
            report.Entries.TryGetValue(DatabaseHealth.Name, out var database) ? Word(database.Status) : "unknown",
            time.GetUtcNow());
        return report.Status is HealthStatus.Unhealthy
            ? TypedResults.Json(health, statusCode: StatusCodes.Status503ServiceUnavailable)
            : TypedResults.Ok(health);
    }

    private static string Word(HealthStatus status) => status.ToString().ToLowerInvariant();
}
