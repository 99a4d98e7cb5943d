using Mefapex.Inference.Embedding;
using Mefapex.Inference.Languages;
using Mefapex.Inference.Serving;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

/// <summary>
/// Ready once the encoder can be used; without the language detector it is degraded. A model that is unloaded because
/// nobody used it, and a full queue, are no matter of health. Models switched off on purpose are healthy.
/// </summary>
internal sealed class ModelHealthCheck(
    ModelSlot<ITextEncoder> encoder,
    ModelSlot<LanguageDetector> detector,
    IEnumerable<ModelRegistration> models,
    IOptions<ModelOptions> options)
    : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Check());

    private HealthCheckResult Check()
    {
        if (options.Value.Disabled)
            return HealthCheckResult.Healthy("Models are switched off (DISABLE_AI_MODELS or Models:Disabled).");
        var status = encoder.Status;
        if (status.Failure is { } failure)
            return HealthCheckResult.Unhealthy(failure.Message);
        if (models.First(model => model.Slot == encoder).IsStarting(status))
            return HealthCheckResult.Unhealthy("The models are being loaded.");
        return detector.Status.Failure is { } detectorFailure
            ? HealthCheckResult.Degraded(detectorFailure.Message)
            : HealthCheckResult.Healthy();
    }
}
