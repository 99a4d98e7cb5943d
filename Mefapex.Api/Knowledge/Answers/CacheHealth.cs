using Mefapex.Api.Shared;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Check <c>cache</c>: degraded while the Redis that answers are shared through is away.</summary>
internal sealed class CacheHealth(AnswerCache cache, RedisConnection redis) : IHealthCheck
{
    public const string Name = "cache";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (answers, bytes) = cache.Size;
        var figures = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["entries"] = answers,
            ["bytes"] = bytes,
            ["hit_rate"] = cache.Figures(tenantId: null).HitRate,
        };
        return Task.FromResult(redis switch
        {
            { IsConfigured: false } => HealthCheckResult.Healthy("in the memory of this process", figures),
            { IsUp: true } => HealthCheckResult.Healthy("in the memory of this process, and shared through Redis", figures),
            _ => HealthCheckResult.Degraded("in the memory of this process until Redis is back", null, figures),
        });
    }
}
