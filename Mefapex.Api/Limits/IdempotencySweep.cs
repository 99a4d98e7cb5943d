using Mefapex.Api.Data;

namespace Mefapex.Api.Limits;

/// <summary>Forgets answers that nobody may ask for again.</summary>
internal sealed partial class IdempotencySweep(
    IdempotencyStore store, DatabaseState database, TimeProvider time, ILogger<IdempotencySweep> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WhenReadyAsync(stoppingToken);
        while (true)
        {
            try
            {
                await store.SweepAsync(stoppingToken);
            }
            catch (Exception e) when (DatabaseFault.IsOutage(e))
            {
                LogNotSwept(e.GetBaseException().Message);
            }

            await Task.Delay(Interval, time, stoppingToken);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Answers of repeated requests were not swept: {Reason}")]
    private partial void LogNotSwept(string reason);
}
