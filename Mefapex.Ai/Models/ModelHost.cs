using Mefapex.Inference.Serving;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

/// <summary>
/// Loads the models of the start once the service listens, and tries again those that failed: a caller that keeps away
/// from an unready service would never do so. A model that fails leaves the others at work.
/// </summary>
internal sealed partial class ModelHost(
    IEnumerable<ModelRegistration> models, IOptions<ModelOptions> options, TimeProvider time, ILogger<ModelHost> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Disabled)
            LogDisabled();
        else if (options.Value.EmergencyMode)
            LogEmergency(options.Value.LargeModelMb);

        var preloaded = models.Where(model => model.Preload).Select(model => model.Slot).ToArray();
        foreach (var slot in preloaded)
            await LoadAsync(slot, stoppingToken);
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var slot in preloaded)
            {
                if (slot.Status is { State: ModelState.Failed, RetryAt: { } at } && at <= time.GetUtcNow())
                    await LoadAsync(slot, stoppingToken);
            }
        }
    }

    private static async Task LoadAsync(ModelSlot slot, CancellationToken stoppingToken)
    {
        try
        {
            await slot.WarmUpAsync(stoppingToken);
        }
        catch (ModelUnavailableException)
        {
            // The slot has told the log and keeps the reason.
        }
    }

    [LoggerMessage(LogLevel.Warning, "Models are switched off (DISABLE_AI_MODELS or Models:Disabled): what needs one answers 503.")]
    private partial void LogDisabled();

    [LoggerMessage(LogLevel.Warning, "Emergency mode: vectors are not cached and models above {LargeModelMb} MiB are not loaded.")]
    private partial void LogEmergency(int largeModelMb);
}
