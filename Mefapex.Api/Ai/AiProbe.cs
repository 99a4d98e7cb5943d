using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ai;

/// <summary>Looks for the AI service while it is down, so that no question has to.</summary>
internal sealed class AiProbe(
    AiClient client,
    AiAvailability availability,
    IOptions<AiOptions> options,
    TimeProvider time) : BackgroundService
{
    private const string Generation = "generation";

    /// <summary>A service that is up is looked at again now and then: it may have got another model meanwhile.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            if (await client.FindAsync(stoppingToken) is { } health)
            {
                availability.Up(health.ModelsAvailable.GetValueOrDefault(Generation));
                await DownOrIntervalAsync(stoppingToken);
            }

            await Task.Delay(options.Value.ProbeInterval, time, stoppingToken);
        }
    }

    private async Task DownOrIntervalAsync(CancellationToken cancellationToken)
    {
        try
        {
            await availability.WhenDownAsync(cancellationToken).WaitAsync(CheckInterval, time, cancellationToken);
        }
        catch (TimeoutException)
        {
        }
    }
}
