using System.Data.Common;
using Mefapex.Api.Data;
using Npgsql;

namespace Mefapex.Api.Shared;

/// <summary>The bus over LISTEN and NOTIFY.</summary>
internal sealed partial class PostgresBus(
    NpgsqlDataSource dataSource,
    DatabaseState database,
    TimeProvider time,
    ILogger<PostgresBus> logger) : BackgroundService, IReplicaBus
{
    private const string Channel = "mefapex_bus";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly BusSubscribers _subscribers = new(logger);

    /// <summary>One message at a time: they keep their order, and take no connections from those who ask.</summary>
    private readonly SemaphoreSlim _sending = new(1);

    private bool _hasListened;

    public async Task PublishAsync(string channel, string message, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, BusChannels.MaxMessage, nameof(message));
        if (!await _sending.WaitAsync(Patience, cancellationToken))
            throw new BusAwayException("PostgreSQL takes messages too slowly");
        try
        {
            await using var command = dataSource.CreateCommand("select pg_notify($1, $2)");
            command.Parameters.AddWithValue(Channel);
            command.Parameters.AddWithValue($"{channel} {message}");
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e) when (e is DbException or TimeoutException or IOException)
        {
            throw new BusAwayException($"PostgreSQL did not take a message: {e.GetBaseException().Message}", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    public IDisposable Subscribe(string channel, Action<string> handler, Action? missed = null) =>
        _subscribers.Add(channel, handler, missed);

    public override void Dispose()
    {
        _sending.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WhenReadyAsync(stoppingToken);
        await dataSource.ListenAsync(Channel, Heard, Listening, LogLost, time, stoppingToken);
    }

    private void Listening()
    {
        if (_hasListened)
            _subscribers.Missed();
        _hasListened = true;
    }

    private void Heard(string payload)
    {
        if (payload.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end)
            _subscribers.Deliver(payload[..end], payload[(end + 1)..]);
    }

    [LoggerMessage(LogLevel.Warning, "Other replicas are not heard over PostgreSQL for now: {Reason}")]
    private partial void LogLost(string reason);
}
