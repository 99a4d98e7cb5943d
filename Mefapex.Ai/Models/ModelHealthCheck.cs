using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.Ai.Models;

/// <summary>Ready once the encoder is loaded and checked; without the language detector it is degraded.</summary>
internal sealed class ModelHealthCheck(ModelHost models) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Check());

    private HealthCheckResult Check()
    {
        if (models.Encoder.Failure is { } failure)
            return HealthCheckResult.Unhealthy(failure);
        if (models.Encoder.Current is null)
            return HealthCheckResult.Unhealthy("The models are being loaded.");
        return models.Detector.Failure is { } detectorFailure
            ? HealthCheckResult.Degraded(detectorFailure)
            : HealthCheckResult.Healthy();
    }
}
