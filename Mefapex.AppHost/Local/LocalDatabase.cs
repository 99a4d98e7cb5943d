using Mefapex.AppHost.Postgres;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;

namespace Mefapex.AppHost.Local;

/// <summary>The topology's PostgreSQL server.</summary>
internal sealed class LocalDatabase(HostSettings settings, Action<string> report)
{
    private PostgresServer? _server;

    public string ConnectionString => _server?.ConnectionString
        ?? throw new InvalidOperationException("the database has not been prepared yet");

    public async Task<Command> PrepareAsync(CancellationToken cancellationToken)
    {
        _server = await PostgresServer.PrepareAsync(PostgresOptions.For(settings), report, cancellationToken);
        return _server.Command;
    }

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        _server is not null && await _server.IsReadyAsync(cancellationToken);
}
