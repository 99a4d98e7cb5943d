using System.Data.Common;
using Npgsql;

namespace Mefapex.Api.Shared;

/// <summary>Hears what is said on a channel of PostgreSQL, over a connection of its own that is made anew whenever it breaks.</summary>
internal static class PostgresListening
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>A connection that is silent this long is asked whether it still stands.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);

    /// <summary>Listens until it is cancelled.</summary>
    /// <param name="heard">Called with each message.</param>
    /// <param name="listening">Called whenever a connection listens: what was said before may have been missed.</param>
    /// <param name="lost">Called with why nothing is heard for now.</param>
    public static async Task ListenAsync(
        this NpgsqlDataSource dataSource,
        string channel,
        Action<string> heard,
        Action listening,
        Action<string> lost,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
                connection.Notification += (_, notification) => heard(notification.Payload);
                await ExecuteAsync(connection, $"listen {channel}", cancellationToken);
                listening();
                while (true)
                {
                    if (!await connection.WaitAsync(Silence, cancellationToken))
                        await ExecuteAsync(connection, "select 1", cancellationToken);
                }
            }
            catch (Exception e) when (e is DbException or IOException or InvalidOperationException or TimeoutException)
            {
                lost(e.GetBaseException().Message);
                await Task.Delay(RetryDelay, time, cancellationToken);
            }
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
