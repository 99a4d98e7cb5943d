using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ai;

/// <summary>Check <c>ai</c>: never worse than degraded, as questions are answered without the AI service too. It does not
/// count for readiness: no restart and no other replica would bring the service back.</summary>
internal sealed class AiServiceHealth(AiAvailability availability, IOptions<AiOptions> options, ForcedFallbacks fallbacks) : IHealthCheck
{
    public const string Name = "ai";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = availability.State;
        var forced = fallbacks.Of(slug: null);
        var figures = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["answers"] = state.IsUp,
            ["has_generator"] = availability.HasGenerator,
            ["outages"] = state.Closings,
            ["forced_fallbacks"] = forced.Count,
        };
        return Task.FromResult(
            !options.Value.Enabled ? HealthCheckResult.Healthy("switched off", figures)
            : forced.Any(f => f.TenantId is null)
                ? HealthCheckResult.Degraded("left out, as somebody forced it", null, figures)
            : state.IsUp ? HealthCheckResult.Healthy(null, figures)
            : HealthCheckResult.Degraded(state.Reason ?? "has not answered yet", null, figures));
    }
}
