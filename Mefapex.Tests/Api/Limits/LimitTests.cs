using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mefapex.Api.Limits;
using Mefapex.Api.Shared;
using Mefapex.Contracts.Health;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Api.Limits;

public sealed class LimitTests(PostgresFixture postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_asks_too_much_is_told_when_to_come_back_and_other_work_goes_on()
    {
        await using var host = await StartAsync(("Limits:Chat:Address:Permits", "3"), ("Limits:Chat:Address:Window", "1.00:00:00"));
        for (var left = 2; left >= 0; left--)
        {
            using var answer = await host.Anonymous.PostWireAsync("/chat", new { message = "Merhaba" });
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            answer.Headers.GetValues("RateLimit-Policy").ShouldBe(["\"chat-address\";q=3;w=86400"]);
            answer.Headers.GetValues("RateLimit").Single().ShouldStartWith($"\"chat-address\";r={left};t=");
        }

        foreach (var (language, word) in new[] { ("tr", "deneyin"), ("en", "again") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/chat/public");
            request.Headers.AcceptLanguage.ParseAdd(language);
            using var refused = await host.Anonymous.SendAsync(request, Cancellation);
            (await refused.ShouldBeProblemAsync(429, "too-many-requests")).ShouldContain(word);
            refused.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromHours(7), TimeSpan.FromHours(8));
            refused.Headers.GetValues("RateLimit").Single().ShouldStartWith("\"chat-address\";r=0;t=");
        }

        using var other = await host.Anonymous.GetAsync(new Uri("/openapi.json", UriKind.Relative), Cancellation);
        other.StatusCode.ShouldBe(HttpStatusCode.OK);
        other.Headers.GetValues("RateLimit").Single().ShouldStartWith("\"general-address\"");
    }

    [Fact]
    public async Task Whatever_checks_a_password_or_a_code_counts_as_signing_in()
    {
        await using var host = await StartAsync(("Limits:SignIn:Address:Permits", "5"), ("Limits:SignIn:Address:Window", "1.00:00:00"));
        string[] paths =
        [
            "/login", "/api/auth/login", "/register", "/api/auth/register",
            "/api/v1/account/password-reset", "/api/v1/account/password-reset/confirm",
        ];

        foreach (var path in paths[..5])
        {
            using var response = await host.Anonymous.PostWireAsync(path, new { });
            response.Headers.GetValues("RateLimit").Single().ShouldStartWith("\"sign-in-address\"");
        }

        foreach (var path in paths)
        {
            using var refused = await host.Anonymous.PostWireAsync(path, new { });
            await refused.ShouldBeProblemAsync(429, "too-many-requests");
        }
    }

    [Fact]
    public async Task People_are_told_apart_and_a_tenant_counts_all_of_its_own()
    {
        await using var host = await StartAsync(
            ("Limits:General:User:Permits", "2"), ("Limits:General:User:Window", "1.00:00:00"),
            ("Limits:General:Tenant:Permits", "3"), ("Limits:General:Tenant:Window", "1.00:00:00"));
        using var demo = await host.SignInAsync("demo");
        using var editor = await host.SignInAsync("editor");
        using var patient = await host.SignInAsync("hasta");

        (await LimitOfAsync(demo)).ShouldBeNull();
        (await LimitOfAsync(demo)).ShouldBeNull();
        (await LimitOfAsync(demo)).ShouldBe("general-user");
        (await LimitOfAsync(editor)).ShouldBeNull();
        (await LimitOfAsync(editor)).ShouldBe("general-tenant");
        (await LimitOfAsync(patient)).ShouldBeNull();
    }

    [Fact]
    public async Task Questions_over_a_socket_count_like_all_others()
    {
        await using var host = await StartAsync(("Limits:Chat:User:Permits", "1"), ("Limits:Chat:User:Window", "1.00:00:00"));
        using var demo = await host.SignInAsync("demo");
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", demo.DefaultRequestHeaders.Authorization!.ToString());
        await socket.ConnectAsync(new UriBuilder(host.Address) { Scheme = "ws", Path = "/ws" }.Uri, Cancellation);
        await ReceiveAsync(socket, "connection_established");

        await AskAsync(socket);
        await ReceiveAsync(socket, "chat_response");
        await AskAsync(socket);

        (await ReceiveAsync(socket, "error"))["message"]!.GetValue<string>().ShouldContain("deneyin");
    }

    [Fact]
    public async Task Health_is_not_limited_and_says_where_requests_are_counted()
    {
        await using var host = await StartAsync(("Limits:General:Address:Permits", "1"), ("Limits:General:Address:Window", "1.00:00:00"));
        for (var i = 0; i < 5; i++)
        {
            var ready = await host.Anonymous.GetWireAsync<Readiness>("/health/ready");
            var limiter = ready.Checks.Single(check => check.Name == "rate-limiter");
            limiter.Status.ShouldBe("healthy");
            limiter.Description.ShouldBe("counts in the memory of this process");
        }
    }

    [Theory]
    [InlineData("Limits:Chat:User:Permits", "-1")]
    [InlineData("Limits:Chat:User:Window", "00:00:00")]
    [InlineData("ConnectionStrings:redis", "cache:port,password=hunter2,nonsense=1")]
    public void A_setting_that_makes_no_sense_stops_the_start_without_repeating_secrets(string key, string value)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration[key] = value;
        builder.AddShared().AddLimits();
        using var services = builder.Services.BuildServiceProvider();

        var refusal = Should.Throw<OptionsValidationException>(services.GetRequiredService<IStartupValidator>().Validate);

        refusal.Message.ShouldContain(key.Split(':')[0]);
        refusal.ToString().ShouldNotContain("hunter2");
    }

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    [InlineData("2001:db8:1:2:3:4:5:6", "20010db800010002")]
    public void An_address_of_IPv6_stands_for_its_network(string address, string expected) =>
        RequestLimits.AddressOf(IPAddress.Parse(address)).ShouldBe(expected);

    private async Task<ApiHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var all = settings.ToDictionary(s => s.Key, s => (string?)s.Value, StringComparer.Ordinal);
        all["Limits:Enabled"] = "true";
        return await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), all).ReadyAsync();
    }

    /// <returns>Name of the limit that refused; null when it passed.</returns>
    private static async Task<string?> LimitOfAsync(HttpClient client)
    {
        using var response = await client.GetAsync(new Uri("/me", UriKind.Relative), Cancellation);
        if (response.StatusCode == HttpStatusCode.OK)
            return null;
        response.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        return response.Headers.GetValues("RateLimit").Single().Split(';')[0].Trim('"');
    }

    private static Task AskAsync(ClientWebSocket socket) => socket.SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(new { type = "chat_message", message = "Merhaba" }),
        WebSocketMessageType.Text,
        endOfMessage: true,
        Cancellation);

    /// <summary>Skips what is said about typing.</summary>
    private static async Task<JsonObject> ReceiveAsync(ClientWebSocket socket, string type)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var count = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(count), Cancellation);
                count += part.Count;
            }
            while (!part.EndOfMessage);
            var message = JsonNode.Parse(buffer.AsSpan(0, count))!.AsObject();
            if (message["type"]!.GetValue<string>() is var received && received != "bot_typing")
            {
                received.ShouldBe(type);
                return message;
            }
        }
    }
}
