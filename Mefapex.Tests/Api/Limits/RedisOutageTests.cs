using System.Collections.Concurrent;
using System.Net;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Health;
using Mefapex.Contracts.Operations;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Limits;

/// <summary>Requests under load while Redis goes, comes back without what it held, or is slow.</summary>
public sealed class RedisOutageTests(PostgresFixture postgres)
{
    private const int Permits = 1_000;
    private const int Callers = 8;

    private string _database = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Limits_hold_while_Redis_is_stopped_and_started_under_load()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var host = await StartAsync(redis.ConnectionString);
        await LimiterIsAsync(host, "healthy");
        await using var load = new Load(host);
        await using var asking = await Asking.StartAsync(host);

        await load.AnsweredAsync(200);
        await redis.StopAsync();
        await LimiterIsAsync(host, "degraded");
        await asking.AnsweredAsync(5);
        var away = await host.Anonymous.GetWireAsync<ServicesHealth>("/health/comprehensive");
        away.Status.ShouldBe("degraded");
        new[] { "redis", "cache", "rate-limiter" }.ShouldAllBe(name => away.Services[name].Status == "degraded");
        await load.AnsweredAsync(200);
        await redis.StartAsync();
        await LimiterIsAsync(host, "healthy");
        await load.AllowedAtLeastAsync(Permits * 9 / 10);
        await load.AnsweredAsync(1_000);
        await asking.AnsweredAsync(5);
        await load.StopAsync();
        await asking.StopAsync();

        (await asking.StoredAsync(_database)).ShouldBe(asking.Answered);
        asking.Statuses.Keys.ShouldBe([HttpStatusCode.OK]);
        load.Statuses.Keys.ShouldBe([HttpStatusCode.Redirect, HttpStatusCode.TooManyRequests], ignoreOrder: true);
        load.Statuses[HttpStatusCode.Redirect].ShouldBeInRange(Permits * 9 / 10, Permits * 11 / 10);
    }

    [Fact]
    public async Task Limits_hold_while_Redis_is_slow_and_nobody_waits_for_it()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var proxy = new SlowProxy(redis.Port);
        await using var host = await StartAsync(proxy.Address);
        await LimiterIsAsync(host, "healthy");
        await using var load = new Load(host);
        await using var asking = await Asking.StartAsync(host);

        await load.AnsweredAsync(200);
        proxy.Delay = TimeSpan.FromSeconds(2);
        await LimiterIsAsync(host, "degraded");
        await asking.AnsweredAsync(5);
        var away = await host.Anonymous.GetWireAsync<ServicesHealth>("/health/comprehensive");
        away.Status.ShouldBe("degraded");
        new[] { "redis", "cache", "rate-limiter" }.ShouldAllBe(name => away.Services[name].Status == "degraded");
        await load.AnsweredAsync(300);
        proxy.Delay = TimeSpan.Zero;
        await LimiterIsAsync(host, "healthy");
        await load.AllowedAtLeastAsync(Permits * 9 / 10);
        await load.AnsweredAsync(1_000);
        await asking.AnsweredAsync(5);
        await load.StopAsync();
        await asking.StopAsync();

        (await asking.StoredAsync(_database)).ShouldBe(asking.Answered);
        asking.Statuses.Keys.ShouldBe([HttpStatusCode.OK]);
        load.Statuses.Keys.ShouldBe([HttpStatusCode.Redirect, HttpStatusCode.TooManyRequests], ignoreOrder: true);
        load.Statuses[HttpStatusCode.Redirect].ShouldBeInRange(Permits * 9 / 10, Permits * 11 / 10);
    }

    [Fact]
    public async Task A_start_does_not_wait_for_a_Redis_that_is_not_there()
    {
        await using var host = await StartAsync("127.0.0.1:9");

        await LimiterIsAsync(host, "degraded");
        var ready = await host.Anonymous.GetWireAsync<Readiness>("/health/ready");
        ready.Checks.Single(check => check.Name == "redis").Description.ShouldNotBeNull().ShouldStartWith("Redis is away");
        using var response = await host.Anonymous.GetAsync(new Uri("/openapi.json", UriKind.Relative), Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private async Task<ApiHost> StartAsync(string redis) => await ApiHost.Start(
        _database = await ApiFactory.CreateDatabaseAsync(postgres),
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:redis"] = redis,
            ["Redis:Timeout"] = "00:00:00.500",
            ["Limits:Enabled"] = "true",
            ["Limits:General:Address:Permits"] = $"{Permits}",
            ["Limits:General:Address:Window"] = "1.00:00:00",
            ["Limits:Chat:Address:Permits"] = "0",
            ["Limits:Chat:User:Permits"] = "0",
            ["Limits:Chat:Tenant:Permits"] = "0",
        }).ReadyAsync();

    private static async Task LimiterIsAsync(ApiHost host, string status)
    {
        while (true)
        {
            var ready = await host.Anonymous.GetWireAsync<Readiness>("/health/ready");
            if (ready.Checks.Single(check => check.Name == "rate-limiter").Status == status)
                return;
            await Task.Delay(20, Cancellation);
        }
    }

    /// <summary>Somebody who asks one question after the other in a conversation, each leaning on the one before.</summary>
    private sealed class Asking : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        private readonly HttpClient _client;
        private readonly string _conversation;
        private readonly Task _asking;

        private Asking(HttpClient client, string conversation)
        {
            (_client, _conversation) = (client, conversation);
            _asking = AskAsync();
        }

        public ConcurrentDictionary<HttpStatusCode, int> Statuses { get; } = new();

        public int Answered => Statuses.GetValueOrDefault(HttpStatusCode.OK);

        public static async Task<Asking> StartAsync(ApiHost host)
        {
            var client = await host.SignInAsync("demo");
            return new(client, (await client.PostWireAsync<ConversationSummary>("/api/v1/conversations", new { })).Id);
        }

        public async Task AnsweredAsync(int count)
        {
            var end = Statuses.Values.Sum() + count;
            await Eventually.UntilAsync(() => _asking.IsFaulted || Statuses.Values.Sum() >= end, $"{count} questions were answered");
        }

        public async Task<long> StoredAsync(string database)
        {
            await using var source = NpgsqlDataSource.Create(database + ";Pooling=false");
            await using var command = source.CreateCommand("select count(*) from exchanges where conversation_id = $1");
            command.Parameters.AddWithValue(Guid.Parse(_conversation));
            return (long)(await command.ExecuteScalarAsync(Cancellation))!;
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _asking;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _client.Dispose();
            _stop.Dispose();
        }

        private async Task AskAsync()
        {
            for (var i = 0; !_stop.IsCancellationRequested; i++)
            {
                var message = i % 2 == 0 ? "Servis kaçta kalkıyor?" : "Peki hafta sonu?";
                using var response = await _client.PostWireAsync($"/api/v1/conversations/{_conversation}/messages", new { message });
                Statuses.AddOrUpdate(response.StatusCode, 1, static (_, count) => count + 1);
            }
        }
    }

    /// <summary>Callers that ask for a path without a body one request after the other, at an even pace.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        private readonly HttpClient _client;
        private readonly Task _callers;

        public Load(ApiHost host)
        {
            _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = host.Address };
            _callers = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => CallAsync()));
        }

        public ConcurrentDictionary<HttpStatusCode, int> Statuses { get; } = new();

        /// <summary>Waits for so many further answers.</summary>
        public async Task AnsweredAsync(int count)
        {
            var end = Statuses.Values.Sum() + count;
            await Eventually.UntilAsync(() => _callers.IsFaulted || Statuses.Values.Sum() >= end, $"{count} answers came");
        }

        public Task AllowedAtLeastAsync(int count) => Eventually.UntilAsync(
            () => _callers.IsFaulted || Statuses.GetValueOrDefault(HttpStatusCode.Redirect) >= count, $"{count} requests passed");

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _callers;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _callers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _client.Dispose();
            _stop.Dispose();
        }

        private async Task CallAsync()
        {
            while (!_stop.IsCancellationRequested)
            {
                using var response = await _client.GetAsync(new Uri("/", UriKind.Relative), Cancellation);
                Statuses.AddOrUpdate(response.StatusCode, 1, static (_, count) => count + 1);
                await Task.Delay(5, Cancellation);
            }
        }
    }
}
