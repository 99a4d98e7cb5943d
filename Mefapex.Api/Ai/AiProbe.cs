using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ai;

/// <summary>Looks for the AI service while it is down, so that no question has to.</summary>
internal sealed class AiProbe(
    AiClient client,
    AiAvailability availability,
    IOptions<AiOptions> options,
    TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            if (await client.IsReadyAsync(stoppingToken))
            {
                availability.Up();
                await availability.WhenDownAsync(stoppingToken);
            }

            await Task.Delay(options.Value.ProbeInterval, time, stoppingToken);
        }
    }
}
