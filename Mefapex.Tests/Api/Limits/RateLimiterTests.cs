using Mefapex.Api.Limits;
using Mefapex.Api.Shared;
using Mefapex.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Mefapex.Tests.Api.Limits;

/// <summary>What every <see cref="IRateLimiter"/> does.</summary>
public abstract class RateLimiterTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected abstract IRateLimiter Limiter { get; }

    [Fact]
    public async Task A_bucket_gives_its_tokens_and_then_says_when_the_next_one_comes()
    {
        var bucket = Bucket("one", 4);
        foreach (var left in new[] { 3, 2, 1, 0 })
        {
            var decision = await Limiter.TakeAsync([bucket], Cancellation);
            decision.Allowed.ShouldBeTrue();
            decision.Remaining.ShouldBe(left);
            decision.RetryAfter.ShouldBe(TimeSpan.Zero);
        }

        var refused = await Limiter.TakeAsync([bucket], Cancellation);

        refused.Allowed.ShouldBeFalse();
        refused.Remaining.ShouldBe(0);
        refused.RetryAfter.ShouldBeInRange(Day / 5, Day / 4);
        refused.FullIn.ShouldBeInRange(Day * 0.9, Day);
    }

    [Fact]
    public async Task Nothing_is_taken_where_another_bucket_is_empty_and_that_one_is_named()
    {
        var wide = Bucket("wide", 100);
        var narrow = Bucket("narrow", 1);
        (await Limiter.TakeAsync([wide, narrow], Cancellation)).ShouldSatisfyAllConditions(
            taken => taken.Allowed.ShouldBeTrue(),
            taken => taken.Bucket.ShouldBe(1));

        for (var i = 0; i < 5; i++)
        {
            var refused = await Limiter.TakeAsync([wide, narrow], Cancellation);
            refused.Allowed.ShouldBeFalse();
            refused.Bucket.ShouldBe(1);
        }

        (await Limiter.TakeAsync([wide], Cancellation)).Remaining.ShouldBe(98);
    }

    [Fact]
    public async Task Many_at_once_get_no_more_than_the_bucket_holds()
    {
        var bucket = Bucket("many", 50);

        var decisions = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ =>
            Task.Run(async () => await Limiter.TakeAsync([bucket], Cancellation), Cancellation)));

        decisions.Count(decision => decision.Allowed).ShouldBe(50);
    }

    [Fact]
    public async Task An_empty_bucket_fills_again()
    {
        var bucket = new RateBucket(Key("filling"), new() { Permits = 20, Window = TimeSpan.FromSeconds(2) });
        var allowed = 0;
        while ((await Limiter.TakeAsync([bucket], Cancellation)).Allowed)
            allowed++;
        allowed.ShouldBeGreaterThanOrEqualTo(20);

        RateDecision decision;
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
            decision = await Limiter.TakeAsync([bucket], Cancellation);
        }
        while (!decision.Allowed);
        decision.Remaining.ShouldBeLessThan(20);
    }

    [Fact]
    public async Task Buckets_of_other_keys_are_not_touched()
    {
        await Limiter.TakeAsync([Bucket("mine", 1)], Cancellation);

        (await Limiter.TakeAsync([Bucket("mine", 1)], Cancellation)).Allowed.ShouldBeFalse();
        (await Limiter.TakeAsync([Bucket("yours", 1)], Cancellation)).Allowed.ShouldBeTrue();
    }

    private protected static RateBucket Bucket(string key, int permits) => new(Key(key), new() { Permits = permits, Window = Day });

    private static string Key(string key) => "test:" + key;
}

public sealed class MemoryRateLimiterTests : RateLimiterTests
{
    private protected override IRateLimiter Limiter { get; } = new MemoryRateLimiter(TimeProvider.System);

    [Fact]
    public async Task Full_buckets_are_forgotten_and_empty_ones_are_not()
    {
        var time = new ManualTime();
        var limiter = new MemoryRateLimiter(time);
        var mine = Bucket("kept", 1);
        await limiter.TakeAsync([mine], Cancellation);
        for (var i = 0; i < 60_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            await limiter.TakeAsync([new($"address {i}", new() { Permits = 10, Window = TimeSpan.FromSeconds(1) })], Cancellation);
        }

        (await limiter.TakeAsync([mine], Cancellation)).Allowed.ShouldBeFalse();
        limiter.Count.ShouldBeLessThan(21_000);
    }
}

public sealed class RedisRateLimiterTests : RateLimiterTests, IAsyncLifetime
{
    private RedisServer? _server;
    private RedisConnection? _connection;
    private RedisRateLimiter? _limiter;

    private protected override IRateLimiter Limiter => _limiter!;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartNewAsync();
        (_connection, _limiter) = await ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _connection?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    public async Task Replicas_share_a_bucket_which_stands_in_Redis()
    {
        var (secondConnection, second) = await ConnectAsync();
        using (secondConnection)
        {
            var bucket = Bucket("shared", 3);
            (await Limiter.TakeAsync([bucket], Cancellation)).Remaining.ShouldBe(2);
            (await second.TakeAsync([bucket], Cancellation)).Remaining.ShouldBe(1);
            (await Limiter.TakeAsync([bucket], Cancellation)).Remaining.ShouldBe(0);
            (await second.TakeAsync([bucket], Cancellation)).Allowed.ShouldBeFalse();
        }

        using var direct = await ConnectionMultiplexer.ConnectAsync(_server!.ConnectionString);
        var left = await direct.GetDatabase().KeyTimeToLiveAsync("mefapex:{limits}:test:shared");
        left.ShouldNotBeNull().ShouldBeInRange(TimeSpan.FromHours(23), TimeSpan.FromDays(1));
    }

    private async Task<(RedisConnection Connection, RedisRateLimiter Limiter)> ConnectAsync()
    {
        // A busy machine must not look like a server that is away.
        var options = Options.Create(new RedisOptions { Configured = _server!.ConnectionString, Timeout = TimeSpan.FromSeconds(30) });
        var connection = new RedisConnection(options, TimeProvider.System, NullLogger<RedisConnection>.Instance);
        await connection.StartAsync(Cancellation);
        await Eventually.UntilAsync(() => connection.IsUp, "Redis is up");
        return (connection, new RedisRateLimiter(connection, new MemoryRateLimiter(TimeProvider.System), options));
    }
}
