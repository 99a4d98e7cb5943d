using Mefapex.Api.Shared;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.Api.Limits;

/// <summary>Check <c>rate-limiter</c>: where requests are counted now, degraded where replicas count apart against their will.</summary>
internal sealed class LimiterHealth(RedisConnection redis) : IHealthCheck
{
    public const string Name = "rate-limiter";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(redis switch
        {
            { IsConfigured: false } => HealthCheckResult.Healthy("counts in the memory of this process"),
            { IsUp: true } => HealthCheckResult.Healthy("counts in Redis"),
            _ => HealthCheckResult.Degraded("counts in the memory of this process until Redis is back"),
        });
}
