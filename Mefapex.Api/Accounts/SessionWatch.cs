using Mefapex.Api.Data;

namespace Mefapex.Api.Accounts;

/// <summary>Tells those who hold a connection open that another replica has ended its session.</summary>
internal sealed class SessionWatch(LiveSessions sessions, Recurrence recurrence) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        recurrence.EveryAsync(LiveSessions.Freshness, nameof(SessionWatch), sessions.AskAsync, stoppingToken);
}
