using Mefapex.Api.Data;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Api.Privacy.Retention;

/// <summary>Has what is too old removed, by one replica at a time.</summary>
internal sealed partial class RetentionJob(
    IServiceScopeFactory scopes,
    NpgsqlDataSource dataSource,
    IOptions<RetentionOptions> options,
    Recurrence recurrence,
    ILogger<RetentionJob> logger) : BackgroundService
{
    private const long LockKey = 0x4D45464150455852; // "MEFAPEXR"

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        recurrence.EveryAsync(options.Value.Interval, nameof(RetentionJob), SweepAsync, stoppingToken);

    /// <returns>How much went by kind; null where another replica is at it.</returns>
    public async Task<IReadOnlyDictionary<string, int>?> SweepAsync(CancellationToken cancellationToken)
    {
        // The lock is the connection's, so it ends with this process whatever happens.
        await using var guard = await dataSource.OpenConnectionAsync(cancellationToken);
        if (!await IsFirstAsync(guard, cancellationToken))
            return null;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var removed = await scope.ServiceProvider.GetRequiredService<RetentionSweep>().RunAsync(cancellationToken);
            if (removed.Count > 0)
                LogRemoved(string.Join(", ", removed.Select(kind => $"{kind.Key} {kind.Value}")));
            return removed;
        }
        finally
        {
            await ExecuteAsync(guard, "select pg_advisory_unlock($1)", CancellationToken.None);
        }
    }

    private static async Task<bool> IsFirstAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await ExecuteAsync(connection, "select pg_try_advisory_lock($1)", cancellationToken) is true;

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = LockKey } } };
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Too old and removed: {Removed}")]
    private partial void LogRemoved(string removed);
}
