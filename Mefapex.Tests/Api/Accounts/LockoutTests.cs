using System.Net;
using Mefapex.Contracts.Accounts;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Accounts;

public sealed class LockoutTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lock_holds_after_a_restart_and_opens_with_the_right_password_when_its_time_is_over()
    {
        await FailAsync("editor", 5);
        await ExecuteAsync("update sign_in_failures set not_before = now() + interval '1 hour' where failures = 5");

        await using var restarted = await ApiHost.Start(api.ConnectionString).ReadyAsync();
        using var locked = await restarted.Anonymous.PostWireAsync("/login", new LoginRequest("editor", "1234"));
        await locked.ShouldBeProblemAsync(429, "too-many-attempts");
        locked.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.FromMinutes(50));

        await ExecuteAsync("update sign_in_failures set not_before = now() - interval '1 second'");
        await restarted.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest("editor", "1234"));
        await FailAsync("editor", 4);
        await restarted.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest("editor", "1234"));
    }

    [Fact]
    public async Task Names_that_are_and_that_are_not_lock_alike_and_others_go_on()
    {
        foreach (var name in new[] { "hasta", "böylebiriyok" })
        {
            await FailAsync(name, 5);
            using var locked = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest(name, "1234"));
            await locked.ShouldBeProblemAsync(429, "too-many-attempts");
            locked.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        }

        using var other = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest("demo", "1234"));
        other.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Of_many_guesses_at_once_few_are_tried()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i =>
            api.Host.Anonymous.PostWireAsync("/login", new LoginRequest("operator", $"tahmin {i}"))));

        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.Unauthorized || a.StatusCode == HttpStatusCode.TooManyRequests);
        answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized).ShouldBeLessThan(30);
    }

    private async Task FailAsync(string username, int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var guess = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest(username, $"yanlış {i}"));
            await guess.ShouldBeProblemAsync(401, "wrong-credentials");
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
