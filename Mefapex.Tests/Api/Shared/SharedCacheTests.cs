using System.Text;
using Mefapex.Api.Shared;
using Mefapex.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Api.Shared;

/// <summary>What every <see cref="ISharedCache"/> does.</summary>
public abstract class SharedCacheTests
{
    private protected static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected abstract ISharedCache Cache { get; }

    [Fact]
    public async Task What_is_kept_is_read_until_its_time_is_over()
    {
        (await Cache.GetAsync("yok", Cancellation)).ShouldBeNull();
        byte[] value = [0, 255, 13, 10, 32];
        await Cache.SetAsync("uzun", value, Hour, Cancellation);
        await Cache.SetAsync("kısa", value, TimeSpan.FromMilliseconds(50), Cancellation);

        (await Cache.GetAsync("uzun", Cancellation)).ShouldBe(value);
        while (await Cache.GetAsync("kısa", Cancellation) is not null)
            await Task.Delay(10, Cancellation);
        (await Cache.GetAsync("uzun", Cancellation)).ShouldBe(value);
    }

    [Fact]
    public async Task A_newer_value_takes_the_place_of_an_older_and_a_removed_one_is_gone()
    {
        await SetAsync("a", "1");
        await SetAsync("a", "2");
        (await ReadAsync("a")).ShouldBe("2");

        await Cache.RemoveAsync("a", Cancellation);
        await Cache.RemoveAsync("never there", Cancellation);

        (await ReadAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task Everything_that_begins_alike_is_removed_at_once_and_nothing_else()
    {
        for (var i = 0; i < 1_200; i++)
            await SetAsync($"kişi:[1]*:{i}", "x");
        await SetAsync("kişi:1x:1", "stays");
        await SetAsync("başka", "stays");

        (await Cache.RemoveAllAsync("kişi:[1]*:", Cancellation)).ShouldBeTrue();

        foreach (var i in new[] { 0, 499, 500, 1_199 })
            (await ReadAsync($"kişi:[1]*:{i}")).ShouldBeNull();
        (await ReadAsync("kişi:1x:1")).ShouldBe("stays");
        (await ReadAsync("başka")).ShouldBe("stays");
        await SetAsync("kişi:[1]*:7", "new");
        (await ReadAsync("kişi:[1]*:7")).ShouldBe("new");
    }

    private protected Task SetAsync(string key, string value) => Cache.SetAsync(key, Encoding.UTF8.GetBytes(value), Hour, Cancellation);

    private protected async Task<string?> ReadAsync(string key) =>
        await Cache.GetAsync(key, Cancellation) is { } value ? Encoding.UTF8.GetString(value) : null;
}

public sealed class MemorySharedCacheTests : SharedCacheTests, IDisposable
{
    private readonly MemorySharedCache _cache = new(TimeProvider.System);

    private protected override ISharedCache Cache => _cache;

    public void Dispose() => _cache.Dispose();
}

public sealed class RedisSharedCacheTests : SharedCacheTests, IAsyncLifetime
{
    private RedisServer? _server;
    private RedisConnection? _connection;
    private RedisSharedCache? _cache;

    private protected override ISharedCache Cache => _cache!;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartNewAsync();
        var options = Options.Create(new RedisOptions { Configured = _server.ConnectionString, Timeout = TimeSpan.FromSeconds(30) });
        _connection = new RedisConnection(options, TimeProvider.System, NullLogger<RedisConnection>.Instance);
        await _connection.StartAsync(Cancellation);
        await Eventually.UntilAsync(() => _connection.IsUp, "Redis is up");
        _cache = new RedisSharedCache(_connection, options);
    }

    public async ValueTask DisposeAsync()
    {
        _connection?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    public async Task While_Redis_is_away_there_is_nothing_and_what_was_removed_meanwhile_is_not_seen_again()
    {
        await SetAsync("ayşe:1", "x");
        await SetAsync("fatma:1", "y");
        await _server!.PauseAsync();
        await Eventually.UntilAsync(() => !_connection!.IsUp, "Redis is away");

        (await ReadAsync("ayşe:1")).ShouldBeNull();
        await SetAsync("ayşe:2", "x");
        (await Cache.RemoveAllAsync("ayşe:", Cancellation)).ShouldBeFalse();
        await _server.ResumeAsync();
        await Eventually.UntilAsync(() => _connection!.IsUp, "Redis is back");

        (await ReadAsync("fatma:1")).ShouldBe("y");
        (await ReadAsync("ayşe:1")).ShouldBeNull();
        (await ReadAsync("ayşe:2")).ShouldBeNull();
        await SetAsync("ayşe:3", "z");
        (await ReadAsync("ayşe:3")).ShouldBe("z");
    }
}
