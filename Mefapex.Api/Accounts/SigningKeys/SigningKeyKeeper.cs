using Mefapex.Api.Data;
using Mefapex.ServiceDefaults;

namespace Mefapex.Api.Accounts.SigningKeys;

/// <summary>Reads the keys of access tokens again and again, so that each replica knows of new and revoked ones soon.</summary>
internal sealed partial class SigningKeyKeeper(
    TokenKeys keys, DatabaseState database, TimeProvider time, ILogger<SigningKeyKeeper> logger) : BackgroundService
{
    /// <summary>How long another replica may go on with a key that was revoked.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WhenReadyAsync(stoppingToken);
        while (true)
        {
            try
            {
                await keys.ReloadAsync(stoppingToken);
            }
            catch (Exception e) when (DatabaseFault.IsOutage(e))
            {
                LogNotRead(e.GetBaseException().Message);
            }

            await Task.Delay(Interval, time, stoppingToken);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Keys of access tokens were not read again: {Reason}")]
    private partial void LogNotRead(string reason);
}
