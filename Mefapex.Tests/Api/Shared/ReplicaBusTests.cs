using System.Collections.Concurrent;
using Mefapex.Api.Data;
using Mefapex.Api.Shared;
using Mefapex.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Tests.Api.Shared;

/// <summary>What every <see cref="IReplicaBus"/> does.</summary>
public abstract class ReplicaBusTests
{
    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected abstract IReplicaBus First { get; }

    private protected abstract IReplicaBus Second { get; }

    /// <summary>Breaks the connections that messages come over; they are made anew by themselves.</summary>
    private protected abstract Task BreakAsync();

    [Fact]
    public async Task A_message_reaches_every_replica_and_the_sender_on_its_channel_alone()
    {
        var (first, second, other) = (Hear(First, "izin"), Hear(Second, "izin"), Hear(Second, "izin-2"));

        await First.PublishAsync("izin", "bir iki  \"3\"", Cancellation);
        await Second.PublishAsync("izin", "", Cancellation);
        await Second.PublishAsync("izin-2", "son", Cancellation);

        await Eventually.UntilAsync(() => first.Count == 2 && second.Count == 2 && other.Count == 1, "all are heard");
        first.ShouldBe(["bir iki  \"3\"", ""], ignoreOrder: true);
        second.ShouldBe(["bir iki  \"3\"", ""], ignoreOrder: true);
        other.ShouldBe(["son"]);
    }

    [Fact]
    public async Task Many_messages_sent_at_once_all_come()
    {
        var heard = Hear(Second, "çok");
        var sent = Enumerable.Range(0, 200).Select(i => $"{i}").ToList();

        await Task.WhenAll(sent.Select(message => First.PublishAsync("çok", message, Cancellation)));

        await Eventually.UntilAsync(() => heard.Count >= sent.Count, "all are heard");
        heard.ShouldBe(sent, ignoreOrder: true);
    }

    [Fact]
    public async Task The_longest_message_passes_and_a_longer_one_is_refused()
    {
        var heard = Hear(Second, "uzun");
        var longest = new string('x', BusChannels.MaxMessage);

        await First.PublishAsync("uzun", longest, Cancellation);

        await Eventually.UntilAsync(() => heard.Contains(longest), "it is heard");
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => First.PublishAsync("uzun", longest + "x", Cancellation));
    }

    [Fact]
    public async Task Who_has_left_hears_nothing_and_who_fails_keeps_the_others_from_nothing()
    {
        var left = new ConcurrentBag<string>();
        Second.Subscribe("gürültü", left.Add).Dispose();
        using var failing = Second.Subscribe("gürültü", _ => throw new InvalidOperationException("a test"));
        var heard = Hear(Second, "gürültü");

        await First.PublishAsync("gürültü", "a", Cancellation);
        await First.PublishAsync("gürültü", "b", Cancellation);

        await Eventually.UntilAsync(() => heard.Count == 2, "both are heard");
        left.ShouldBeEmpty();
    }

    [Fact]
    public async Task After_a_break_it_is_told_that_something_may_be_missing_and_messages_come_again()
    {
        var missed = 0;
        var heard = new ConcurrentBag<string>();
        using var subscription = Second.Subscribe("kopuk", heard.Add, () => Interlocked.Increment(ref missed));
        await First.PublishAsync("kopuk", "before", Cancellation);
        await Eventually.UntilAsync(() => heard.Contains("before"), "it is heard before");
        missed.ShouldBe(0);

        await BreakAsync();

        await Eventually.UntilAsync(() => Volatile.Read(ref missed) > 0, "the gap is told");
        await ReachAsync(First, Second);
    }

    private protected static ConcurrentQueue<string> Hear(IReplicaBus bus, string channel)
    {
        var heard = new ConcurrentQueue<string>();
        bus.Subscribe(channel, heard.Enqueue);
        return heard;
    }

    /// <summary>Sends until it is heard.</summary>
    private protected static async Task ReachAsync(IReplicaBus from, IReplicaBus to)
    {
        var channel = $"reach-{Guid.NewGuid():N}";
        var heard = Hear(to, channel);
        while (heard.IsEmpty)
        {
            try
            {
                await from.PublishAsync(channel, "x", Cancellation);
            }
            catch (BusAwayException)
            {
                // What carries messages is coming back.
            }

            await Task.Delay(20, Cancellation);
        }
    }
}

public sealed class PostgresBusTests(PostgresFixture postgres) : ReplicaBusTests, IAsyncLifetime
{
    private readonly List<PostgresBus> _buses = [];
    private NpgsqlDataSource? _source;
    private string _database = "";

    private protected override IReplicaBus First => _buses[0];

    private protected override IReplicaBus Second => _buses[1];

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync($"bus_{Guid.NewGuid():N}");
        _source = NpgsqlDataSource.Create(_database);
        for (var i = 0; i < 2; i++)
            _buses.Add(await StartAsync(_source));
        await ReachAsync(First, Second);
        await ReachAsync(Second, First);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var bus in _buses)
        {
            await bus.StopAsync(CancellationToken.None);
            bus.Dispose();
        }

        if (_source is not null)
            await _source.DisposeAsync();
    }

    internal static async Task<PostgresBus> StartAsync(NpgsqlDataSource source)
    {
        var state = new DatabaseState();
        state.Ready();
        var bus = new PostgresBus(source, state, TimeProvider.System, NullLogger<PostgresBus>.Instance);
        await bus.StartAsync(Cancellation);
        return bus;
    }

    private protected override async Task BreakAsync()
    {
        await using var connection = new NpgsqlConnection(_database + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        await using var end = new NpgsqlCommand(
            """
            select count(pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and query = 'listen mefapex_bus'
            """,
            connection);
        (await end.ExecuteScalarAsync(Cancellation)).ShouldBe(2L);
    }
}

public sealed class RedisBusTests : ReplicaBusTests, IAsyncLifetime
{
    private readonly List<(RedisConnection Connection, RedisBus Bus)> _replicas = [];
    private RedisServer? _server;

    private protected override IReplicaBus First => _replicas[0].Bus;

    private protected override IReplicaBus Second => _replicas[1].Bus;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartNewAsync();
        for (var i = 0; i < 2; i++)
            _replicas.Add(await StartAsync(_server));
        await ReachAsync(First, Second);
        await ReachAsync(Second, First);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (connection, bus) in _replicas)
        {
            await bus.StopAsync(CancellationToken.None);
            bus.Dispose();
            await connection.StopAsync(CancellationToken.None);
            connection.Dispose();
        }

        if (_server is not null)
            await _server.DisposeAsync();
    }

    internal static async Task<(RedisConnection Connection, RedisBus Bus)> StartAsync(RedisServer server)
    {
        // A busy machine must not look like a server that is away.
        var options = Options.Create(new RedisOptions
        {
            Configured = server.ConnectionString,
            Timeout = TimeSpan.FromSeconds(30),
            ProbeInterval = TimeSpan.FromMilliseconds(200),
        });
        var connection = new RedisConnection(options, TimeProvider.System, NullLogger<RedisConnection>.Instance);
        await connection.StartAsync(Cancellation);
        await Eventually.UntilAsync(() => connection.IsUp, "Redis is up");
        var bus = new RedisBus(connection, options, TimeProvider.System, NullLogger<RedisBus>.Instance);
        await bus.StartAsync(Cancellation);
        return (connection, bus);
    }

    private protected override async Task BreakAsync()
    {
        await _server!.StopAsync();
        await Should.ThrowAsync<BusAwayException>(async () =>
        {
            while (true)
                await First.PublishAsync("kopuk", "lost", Cancellation);
        });
        await _server.StartAsync();
    }
}

/// <summary>Both at once, while Redis is there.</summary>
public sealed class BothBusesTests(PostgresFixture postgres) : ReplicaBusTests, IAsyncLifetime
{
    private readonly List<(RedisConnection Connection, RedisBus Redis, PostgresBus Postgres)> _replicas = [];
    private RedisServer? _server;
    private NpgsqlDataSource? _source;

    private protected override IReplicaBus First => new ReplicaBus(_replicas[0].Redis, _replicas[0].Postgres);

    private protected override IReplicaBus Second => new ReplicaBus(_replicas[1].Redis, _replicas[1].Postgres);

    [Fact]
    public async Task While_Redis_is_away_messages_go_over_PostgreSQL()
    {
        var heard = Hear(Second, "yedek");
        await _server!.StopAsync();

        await First.PublishAsync("yedek", "a", Cancellation);

        await Eventually.UntilAsync(() => heard.Contains("a"), "it is heard");
        await _server.StartAsync();
    }

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartNewAsync();
        _source = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync($"bus_{Guid.NewGuid():N}"));
        for (var i = 0; i < 2; i++)
        {
            var (connection, redis) = await RedisBusTests.StartAsync(_server);
            _replicas.Add((connection, redis, await PostgresBusTests.StartAsync(_source)));
        }

        foreach (var (from, to) in new[] { (0, 1), (1, 0) })
        {
            await ReachAsync(_replicas[from].Redis, _replicas[to].Redis);
            await ReachAsync(_replicas[from].Postgres, _replicas[to].Postgres);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (connection, redis, listening) in _replicas)
        {
            await redis.StopAsync(CancellationToken.None);
            await listening.StopAsync(CancellationToken.None);
            await connection.StopAsync(CancellationToken.None);
            redis.Dispose();
            listening.Dispose();
            connection.Dispose();
        }

        if (_source is not null)
            await _source.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private protected override async Task BreakAsync()
    {
        await _server!.StopAsync();
        await Eventually.UntilAsync(() => !_replicas[1].Connection.IsUp, "the replica has lost Redis");
        await _server.StartAsync();
    }
}
