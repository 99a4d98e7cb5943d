using Mefapex.Api.Data;

namespace Mefapex.Api.Accounts;

/// <summary>Tells those who hold a connection open that another replica has ended its session.</summary>
internal sealed partial class SessionWatch(
    LiveSessions sessions, DatabaseState database, TimeProvider time, ILogger<SessionWatch> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WhenReadyAsync(stoppingToken);
        while (true)
        {
            await Task.Delay(LiveSessions.Freshness, time, stoppingToken);
            try
            {
                await sessions.AskAsync(stoppingToken);
            }
            catch (Exception e) when (DatabaseFault.IsOutage(e))
            {
                LogNotAsked(e.GetBaseException().Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Whether sessions of open connections go on was not asked: {Reason}")]
    private partial void LogNotAsked(string reason);
}
