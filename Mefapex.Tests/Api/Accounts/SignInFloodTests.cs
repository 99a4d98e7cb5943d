using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Accounts;

/// <summary>Many wrong passwords from many addresses; <c>./mefapex bench sign-in</c> measures ten thousand of them.</summary>
public sealed class SignInFloodTests(PostgresFixture postgres)
{
    private const int Guesses = 300;
    private const int AtOnce = 50;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flood_from_many_addresses_locks_the_account_it_is_for_and_nobody_else()
    {
        await using var host = await ApiHost.Start(
            await ApiFactory.CreateDatabaseAsync(postgres),
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Edge:TrustedProxies"] = "127.0.0.1",
                ["Limits:Enabled"] = "true",
            }).ReadyAsync();

        var flood = GuessAsync(host);
        var others = new List<HttpStatusCode>();
        while (!flood.IsCompleted)
            others.Add(await SignInAsync(host, "editor", "1234", string.Create(CultureInfo.InvariantCulture, $"198.51.100.{others.Count % 250}")));
        var answers = await flood;

        others.ShouldNotBeEmpty();
        others.ShouldAllBe(status => status == HttpStatusCode.OK);
        answers.ShouldAllBe(status => status == HttpStatusCode.Unauthorized || status == HttpStatusCode.TooManyRequests);
        answers.Count(status => status == HttpStatusCode.Unauthorized).ShouldBeInRange(5, 30);

        // From an address that took no part too; and those that did may sign in to what is theirs.
        (await SignInAsync(host, "demo", "1234", "203.0.113.8")).ShouldBe(HttpStatusCode.TooManyRequests);
        (await SignInAsync(host, "hasta", "1234", AddressOf(0))).ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<List<HttpStatusCode>> GuessAsync(ApiHost host)
    {
        var answers = new HttpStatusCode[Guesses];
        await Parallel.ForAsync(
            0,
            Guesses,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Cancellation },
            async (number, _) => answers[number] = await SignInAsync(
                host, "demo", string.Create(CultureInfo.InvariantCulture, $"tahmin {number}"), AddressOf(number)));
        return [.. answers];
    }

    private static async Task<HttpStatusCode> SignInAsync(ApiHost host, string username, string password, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/login")
        {
            Content = JsonContent.Create(new LoginRequest(username, password), options: WireJson.Options),
            Headers = { { "X-Forwarded-For", address } },
        };
        using var response = await host.Anonymous.SendAsync(request, Cancellation);
        return response.StatusCode;
    }

    private static string AddressOf(int number) => string.Create(CultureInfo.InvariantCulture, $"10.0.{number / 250}.{number % 250}");
}
