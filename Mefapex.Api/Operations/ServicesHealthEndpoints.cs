using System.Diagnostics;
using Mefapex.Api.Accounts;
using Mefapex.Api.Ai;
using Mefapex.Api.Data;
using Mefapex.Api.Keys;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Limits;
using Mefapex.Contracts.Operations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.Api.Operations;

/// <summary>How each service is: in a word for everybody, with what was measured for admins.</summary>
internal static class ServicesHealthEndpoints
{
    public static void MapServicesHealth(this IEndpointRouteBuilder endpoints)
    {
        var health = endpoints.MapGroup("").WithTags("Health").AllowAnonymous().TakesKeys();
        health.MapGet("/health/comprehensive", (
            HealthCheckService checks, Caller? caller, TimeProvider time, CancellationToken cancellationToken) =>
            ReadAsync(service: null, checks, caller, time, cancellationToken));
        health.MapGet("/api/health", (
            HealthCheckService checks, Caller? caller, TimeProvider time, CancellationToken cancellationToken) =>
            ReadAsync(service: null, checks, caller, time, cancellationToken));
        foreach (var service in new[] { DatabaseHealth.Name, AiServiceHealth.Name, CacheHealth.Name, LimiterHealth.Name })
        {
            health.MapGet($"/api/health/{service}", (
                HealthCheckService checks, Caller? caller, TimeProvider time, CancellationToken cancellationToken) =>
                ReadAsync(service, checks, caller, time, cancellationToken));
        }
    }

    private static async Task<Results<Ok<ServicesHealth>, JsonHttpResult<ServicesHealth>>> ReadAsync(
        string? service,
        HealthCheckService checks,
        Caller? caller,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(check => service is null || check.Name == service, cancellationToken);
        var showsAll = caller?.May(Policies.Operations.Read) == true;
        using var process = Process.GetCurrentProcess();
        var health = new ServicesHealth(
            report.Status.Word(),
            time.GetUtcNow(),
            Math.Round((time.GetUtcNow() - new DateTimeOffset(process.StartTime)).TotalSeconds, 1),
            report.Entries.ToDictionary(
                entry => entry.Key, entry => showsAll ? entry.Value.InFull() : new(entry.Value.Status.Word()), StringComparer.Ordinal));
        return report.Status is HealthStatus.Unhealthy
            ? TypedResults.Json(health, statusCode: StatusCodes.Status503ServiceUnavailable)
            : TypedResults.Ok(health);
    }

    public static string Word(this HealthStatus status) => status.ToString().ToLowerInvariant();

    public static ServiceState InFull(this HealthReportEntry entry) => new(
        entry.Status.Word(),
        entry.Description,
        Math.Round(entry.Duration.TotalMilliseconds, 1),
        entry.Data.Count == 0 ? null : entry.Data);
}
