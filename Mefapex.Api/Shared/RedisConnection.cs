using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Mefapex.Api.Shared;

/// <summary>
/// The one connection to Redis, where there is one. It is made and mended in the background, so neither a start nor a
/// request ever waits for it: a server that is away or slow is not asked until it answers in time again.
/// </summary>
internal sealed partial class RedisConnection(IOptions<RedisOptions> options, TimeProvider time, ILogger<RedisConnection> logger)
    : BackgroundService
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(500);

    private readonly RedisOptions _options = options.Value;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<ConnectionMultiplexer> _made = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ConnectionMultiplexer? _multiplexer;
    private volatile IDatabase? _database;
    private volatile string _obstacle = "connecting";
    private volatile int _epoch;
    private int _breaks;
    private bool _saidAway;

    public bool IsConfigured => _options.IsConfigured;

    public bool IsUp => _database is not null;

    /// <summary>Why it is not up, in a few words for the operator.</summary>
    public string Obstacle => _obstacle;

    /// <summary>Counts how often the server has come up: what was counted elsewhere meanwhile is unknown to it.</summary>
    public int Epoch => _epoch;

    /// <summary>Counts how often a connection broke: what was published meanwhile was not heard.</summary>
    public int Breaks => Volatile.Read(ref _breaks);

    /// <summary>Has each message of the channel handled from the first connection on, also after breaks.</summary>
    public async Task SubscribeAsync(RedisChannel channel, Action<string> heard, CancellationToken cancellationToken)
    {
        var multiplexer = await _made.Task.WaitAsync(cancellationToken);
        try
        {
            await multiplexer.GetSubscriber().SubscribeAsync(channel, (_, message) => heard(message!))
                .WaitAsync(ConnectTimeout, time, cancellationToken);
        }
        catch (Exception e) when (IsFault(e))
        {
            // The client subscribes by itself as soon as there is a connection.
        }
    }

    /// <summary>Asks Redis and waits no longer than <see cref="RedisOptions.Timeout"/>.</summary>
    /// <exception cref="RedisAwayException">It is not up, or failed over this; until it is up again nobody waits for it.</exception>
    public async Task<T> AskAsync<T>(Func<IDatabase, Task<T>> ask, CancellationToken cancellationToken)
    {
        var database = _database ?? throw new RedisAwayException(_obstacle);
        try
        {
            return await ask(database).WaitAsync(_options.Timeout, time, cancellationToken);
        }
        catch (Exception e) when (IsFault(e))
        {
            Away(Describe(e));
            throw new RedisAwayException(_obstacle, e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsConfigured)
            return;
        while (true)
        {
            try
            {
                _multiplexer ??= await ConnectAsync();
                _made.TrySetResult(_multiplexer);
                await ProbeAsync(_multiplexer.GetDatabase(), stoppingToken);
            }
            catch (Exception e) when (IsFault(e))
            {
                Away(Describe(e));
            }

            await Task.Delay(_options.ProbeInterval, time, stoppingToken);
        }
    }

    public override void Dispose()
    {
        _multiplexer?.Dispose();
        base.Dispose();
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var configuration = _options.Parse();
        configuration.AbortOnConnectFail = false;
        configuration.ConnectTimeout = (int)ConnectTimeout.TotalMilliseconds;
        configuration.ReconnectRetryPolicy = new LinearRetry((int)ReconnectDelay.TotalMilliseconds);
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(configuration);
        multiplexer.ConnectionFailed += (_, failure) =>
        {
            Interlocked.Increment(ref _breaks);
            Away(failure.FailureType.ToString());
        };
        return multiplexer;
    }

    /// <summary>Writes, as a server that is full or only reads is of no use; comes back only when answered in half the time,
    /// so that a server at the edge does not come and go.</summary>
    private async Task ProbeAsync(IDatabase database, CancellationToken cancellationToken)
    {
        await database.StringSetAsync(_options.Prefix + "probe", 1, TimeSpan.FromMinutes(1))
            .WaitAsync(IsUp ? _options.Timeout : _options.Timeout / 2, time, cancellationToken);
        Up(database);
    }

    private void Up(IDatabase database)
    {
        lock (_gate)
        {
            if (_database is not null)
                return;
            _epoch++;
            _database = database;
            _saidAway = false;
        }

        LogUp();
    }

    private void Away(string reason)
    {
        lock (_gate)
        {
            _obstacle = reason;
            _database = null;
            if (_saidAway)
                return;
            _saidAway = true;
        }

        LogAway(reason);
    }

    private static bool IsFault(Exception exception) => exception is RedisException or TimeoutException or ObjectDisposedException;

    // Messages of the library hold keys and statistics; the kind of failure is what helps.
    private string Describe(Exception exception) => exception switch
    {
        RedisConnectionException connection => connection.FailureType.ToString(),
        TimeoutException => $"no answer within {_options.Timeout.TotalMilliseconds} ms",
        RedisServerException server => server.Message.Split(' ')[0],
        _ => exception.GetType().Name,
    };

    [LoggerMessage(LogLevel.Information, "Redis answers")]
    private partial void LogUp();

    [LoggerMessage(LogLevel.Warning, "Redis is away ({Reason}); until it answers again this process keeps to its own memory")]
    private partial void LogAway(string reason);
}

/// <summary>Redis is not to be had at the moment.</summary>
internal sealed class RedisAwayException(string reason, Exception? inner = null) : Exception($"Redis is away: {reason}", inner);
