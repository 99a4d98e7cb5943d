using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.Api.Shared;

/// <summary>Check <c>redis</c>: never worse than degraded, as everything goes on without it.</summary>
internal sealed class RedisHealth(RedisConnection redis) : IHealthCheck
{
    public const string Name = "redis";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(redis switch
        {
            { IsConfigured: false } => HealthCheckResult.Healthy("none is configured"),
            { IsUp: true } => HealthCheckResult.Healthy(),
            _ => HealthCheckResult.Degraded($"Redis is away: {redis.Obstacle}"),
        });
}
