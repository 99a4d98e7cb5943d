using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Tests.Api.Chat;

public sealed class SocketTests(PatientApi api) : IClassFixture<PatientApi>
{
    private const string Question = "Şifremi unuttum";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_question_is_answered_with_every_field_and_stored_once()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var socket = await ConnectAsync(api.Host, client);
        var opened = await ReceiveAsync(socket);
        opened["type"]!.GetValue<string>().ShouldBe("connection_established");
        var session = opened["session_id"]!.GetValue<string>();

        await SendAsync(socket, new { type = "chat_message", message = Question });
        (await ReceiveAsync(socket)).ToJsonString().ShouldBe("""{"typing":true,"type":"bot_typing"}""");
        (await ReceiveAsync(socket)).ToJsonString().ShouldBe("""{"typing":false,"type":"bot_typing"}""");
        var answer = await ReceiveAsync(socket);

        answer.Select(field => field.Key).ShouldBe(
            [
                "type", "timestamp", "response", "source", "session_id", "message_id", "decision", "sources", "citations",
                "confidence", "language", "degradation", "cached", "response_time_ms",
            ],
            ignoreOrder: true);
        answer["type"]!.GetValue<string>().ShouldBe("chat_response");
        answer["session_id"]!.GetValue<string>().ShouldBe(session);
        var stored = await client.GetWireAsync<Page<Exchange>>($"/api/v1/conversations/{session}/messages");
        stored.Items.ShouldHaveSingleItem().Id.ShouldBe(answer["message_id"]!.GetValue<string>());

        // The next question goes on in the same conversation, on this socket and on another.
        (await AskAsync(socket, "Servis saatleri"))["session_id"]!.GetValue<string>().ShouldBe(session);
        using var second = await ConnectAsync(api.Host, client, $"/ws?session_id={session}");
        (await ReceiveAsync(second))["session_id"]!.GetValue<string>().ShouldBe(session);
        (await AskAsync(second, "Merhaba"))["session_id"]!.GetValue<string>().ShouldBe(session);
    }

    [Theory]
    [InlineData("query")]
    [InlineData("header")]
    [InlineData("subprotocol")]
    public async Task The_token_comes_in_one_of_three_ways(string way)
    {
        using var client = await api.Host.SignInAsync("demo");
        var token = client.DefaultRequestHeaders.Authorization!.Parameter!;
        var (userId, path) = ((await client.GetWireAsync<UserInfo>("/me")).UserId, "/ws");
        using var socket = new ClientWebSocket();
        switch (way)
        {
            case "query":
                path = $"/ws/{userId}?token={token}";
                break;
            case "header":
                socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
                break;
            default:
                socket.Options.AddSubProtocol("bearer");
                socket.Options.AddSubProtocol(token);
                break;
        }

        await socket.ConnectAsync(AddressOf(api.Host, path), Cancellation);

        (await ReceiveAsync(socket))["user_id"]!.GetValue<string>().ShouldBe(userId);
        socket.SubProtocol.ShouldBe(way == "subprotocol" ? "bearer" : null);
    }

    [Fact]
    public async Task A_token_in_the_address_stays_out_of_traces()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var client = await api.Host.SignInAsync("demo");
        var token = TokenOf(client);
        using (var socket = new ClientWebSocket())
        {
            await socket.ConnectAsync(AddressOf(api.Host, $"/ws?token={token}"), Cancellation);
            await ReceiveAsync(socket);
        }

        await Eventually.UntilAsync(
            () => spans.Any(span => span.GetTagItem("url.path") is "/ws"), "the socket's span has ended");
        spans.SelectMany(span => span.TagObjects).ShouldAllBe(tag => !$"{tag.Value}".Contains(token));
    }

    [Fact]
    public async Task Whoever_may_not_connect_is_refused_before_the_upgrade()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var other = await api.Host.SignInAsync("yonetici");
        var otherId = (await other.GetWireAsync<UserInfo>("/me")).UserId;

        (await RefusalAsync("/ws", token: null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefusalAsync("/ws?token=uydurma", token: null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefusalAsync($"/ws/{otherId}", TokenOf(client))).ShouldBe(HttpStatusCode.Forbidden);
        (await RefusalAsync("/ws/demo", TokenOf(client))).ShouldBe(HttpStatusCode.Forbidden);
        (await RefusalAsync("/ws", TokenOf(client), "https://baska.example")).ShouldBe(HttpStatusCode.Forbidden);

        using var plain = await client.GetAsync(new Uri("/ws", UriKind.Relative), Cancellation);
        await plain.ShouldBeProblemAsync(400, "socket-needed");
        using var elsewhere = await client.GetAsync(new Uri("/api/v1/conversations?token=x", UriKind.Relative), Cancellation);
        elsewhere.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var query = await api.Host.Anonymous.GetAsync(new Uri($"/me?token={TokenOf(client)}", UriKind.Relative), Cancellation);
        query.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Pages_of_the_web_ui_and_of_the_allowed_origins_connect()
    {
        await using var host = await api.StartAsync(("ALLOWED_ORIGINS", "https://bir.example, https://iki.example/"));
        using var client = await host.SignInAsync("demo");

        foreach (var origin in new[] { "http://localhost:5173", "https://bir.example", "https://IKI.example", host.Address.GetLeftPart(UriPartial.Authority) })
        {
            using var socket = await ConnectAsync(host, client, origin: origin);
            (await ReceiveAsync(socket))["type"]!.GetValue<string>().ShouldBe("connection_established");
        }
    }

    [Fact]
    public async Task History_is_shown_and_cleared_and_a_ping_answered()
    {
        using var client = await api.Host.SignInAsync("editor");
        using var socket = await OpenAsync(api.Host, client);
        await AskAsync(socket, "Bir");
        var last = await AskAsync(socket, "İki");

        await SendAsync(socket, new { type = "typing_start" });
        await SendAsync(socket, new { type = "typing_stop" });
        await SendAsync(socket, new { type = "ping" });
        (await ReceiveAsync(socket))["type"]!.GetValue<string>().ShouldBe("pong");

        await SendAsync(socket, new { type = "get_history", limit = 1 });
        var history = await ReceiveAsync(socket);
        history["type"]!.GetValue<string>().ShouldBe("history");
        history["data"]!["count"]!.GetValue<int>().ShouldBe(1);
        history["data"]!["messages"]![0]!["message_id"]!.GetValue<string>().ShouldBe(last["message_id"]!.GetValue<string>());
        history["data"]!["messages"]![0]!["user_message"]!.GetValue<string>().ShouldBe("İki");

        await SendAsync(socket, new { type = "clear_history" });
        var cleared = await ReceiveAsync(socket);
        cleared["type"]!.GetValue<string>().ShouldBe("history_cleared");
        (await client.GetWireAsync<ChatHistory>("/api/chat/history")).TotalCount.ShouldBe(0);
        (await AskAsync(socket, "Üç"))["session_id"]!.GetValue<string>().ShouldBe(cleared["session_id"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"chat_message\"")]
    [InlineData("{}")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{"type":"uçuş"}""")]
    [InlineData("""{"type":"chat_message","message":"\ud800"}""")]
    [InlineData("""{"type":"get_history","limit":0}""")]
    [InlineData("""{"type":"get_history","limit":"çok"}""")]
    [InlineData(null)]
    public async Task What_cannot_be_understood_is_an_error_and_the_socket_stays_open(string? text)
    {
        using var client = await api.Host.SignInAsync("demo");
        using var socket = await OpenAsync(api.Host, client);

        await socket.SendAsync(
            Encoding.UTF8.GetBytes(text ?? "ikili"),
            text is null ? WebSocketMessageType.Binary : WebSocketMessageType.Text,
            endOfMessage: true,
            Cancellation);
        var error = await ReceiveAsync(socket);

        error["type"]!.GetValue<string>().ShouldBe("error");
        error["message"]!.GetValue<string>().ShouldNotBeEmpty();
        (await AskAsync(socket, Question))["decision"]!.GetValue<string>().ShouldBe(Decision.Answer);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1001")]
    public async Task A_question_that_is_refused_is_an_error_and_the_socket_stays_open(string question)
    {
        using var client = await api.Host.SignInAsync("demo");
        using var socket = await OpenAsync(api.Host, client);

        var error = await AskAsync(socket, question == "1001" ? new string('a', 1001) : question);

        error["type"]!.GetValue<string>().ShouldBe("error");
        error["message"]!.GetValue<string>().ShouldContain("1000");
        (await AskAsync(socket, Question))["type"]!.GetValue<string>().ShouldBe("chat_response");
    }

    [Fact]
    public async Task A_message_that_is_far_too_large_closes_the_socket()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var socket = await OpenAsync(api.Host, client);

        await SendAsync(socket, new { type = "chat_message", message = new string('a', 200 * 1024) });

        (await CloseStatusAsync(socket)).ShouldBe(WebSocketCloseStatus.MessageTooBig);
    }

    [Fact]
    public async Task Questions_are_answered_one_by_one_and_only_so_many_wait()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var socket = await OpenAsync(api.Host, client);
        var waiting = api.Host.Services.GetRequiredService<IOptions<ChatOptions>>().Value.SocketQueue;
        var held = await api.HoldAsync();

        await SendAsync(socket, new { type = "chat_message", message = $"{Question} 0" });
        (await ReceiveAsync(socket))["typing"]!.GetValue<bool>().ShouldBeTrue();
        for (var i = 1; i <= waiting; i++)
            await SendAsync(socket, new { type = "chat_message", message = $"{Question} {i}" });
        await SendAsync(socket, new { type = "ping" });
        (await ReceiveAsync(socket))["type"]!.GetValue<string>().ShouldBe("pong");
        await SendAsync(socket, new { type = "chat_message", message = "Bir tane daha" });
        (await ReceiveAsync(socket))["type"]!.GetValue<string>().ShouldBe("error");

        await held.DisposeAsync();
        var types = new List<string>();
        string? session = null;
        while (types.Count(t => t == "chat_response") <= waiting)
        {
            var message = await ReceiveAsync(socket);
            types.Add(message["type"]!.GetValue<string>());
            session = message["session_id"]?.GetValue<string>() ?? session;
        }

        types.Where(t => t != "bot_typing").ShouldAllBe(t => t == "chat_response");
        var stored = await client.GetWireAsync<Page<Exchange>>($"/api/v1/conversations/{session}/messages");
        stored.Items.Select(e => e.Question).ShouldBe(Enumerable.Range(0, waiting + 1).Select(i => $"{Question} {i}"));
    }

    [Fact]
    public async Task An_answer_is_stored_also_when_the_socket_breaks_off()
    {
        using var client = await api.Host.SignInAsync("demo");
        var question = $"Kopan soru {Guid.NewGuid():N}";
        await using (await api.HoldAsync())
        {
            using var socket = await OpenAsync(api.Host, client);
            await SendAsync(socket, new { type = "chat_message", message = question });
            await ReceiveAsync(socket);
            socket.Abort();
        }

        while ((await client.GetWireAsync<ChatHistory>("/api/chat/history")).Messages.All(m => m.UserMessage != question))
            await Task.Delay(10, Cancellation);
    }

    [Fact]
    public async Task The_end_of_the_token_closes_the_socket()
    {
        using var client = await api.Host.SignInAsync("demo");
        var me = await client.GetWireAsync<UserInfo>("/me");
        using var brief = api.Host.Client(await api.Host.TokenAsync(
            me.UserId, me.Username, me.Tenant, me.Roles, new Earlier(TimeSpan.FromSeconds(59)), minutes: 1));

        using var socket = await OpenAsync(api.Host, brief);

        ((int?)await CloseStatusAsync(socket)).ShouldBe(4401);
    }

    [Fact]
    public async Task The_end_of_the_session_closes_the_socket_wherever_it_was_ended_and_no_other()
    {
        using var here = await api.Host.SignInAsync("demo");
        using var elsewhere = await api.Host.SignInAsync("demo");
        using var other = await api.Host.SignInAsync("demo");
        using var endedHere = await OpenAsync(api.Host, here);
        using var endedElsewhere = await OpenAsync(api.Host, elsewhere);
        using var untouched = await OpenAsync(api.Host, other);

        using var signedOut = await here.PostWireAsync("/logout", new { });
        ((int?)await CloseStatusAsync(endedHere)).ShouldBe(4401);

        await using (var source = NpgsqlDataSource.Create(api.ConnectionString))
        await using (var command = source.CreateCommand("update sessions set ended_at = now() where id = $1"))
        {
            command.Parameters.Add(new() { Value = Guid.Parse(SessionOf(elsewhere)) });
            (await command.ExecuteNonQueryAsync(Cancellation)).ShouldBe(1);
        }

        await api.Host.Services.GetRequiredService<LiveSessions>().AskAsync(Cancellation);
        ((int?)await CloseStatusAsync(endedElsewhere)).ShouldBe(4401);
        (await AskAsync(untouched, Question))["type"]!.GetValue<string>().ShouldBe("chat_response");
    }

    [Fact]
    public async Task A_service_that_stops_says_goodbye()
    {
        await using var host = await api.StartAsync();
        using var client = await host.SignInAsync("demo");
        using var socket = await OpenAsync(host, client);

        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        (await CloseStatusAsync(socket)).ShouldBe(WebSocketCloseStatus.EndpointUnavailable);
    }

    private static string TokenOf(HttpClient client) => client.DefaultRequestHeaders.Authorization!.Parameter!;

    private static string SessionOf(HttpClient client) =>
        JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(TokenOf(client).Split('.')[1]))!["sid"]!.GetValue<string>();

    private static Uri AddressOf(ApiHost host, string path) => new($"ws://{host.Address.Authority}{path}");

    private static async Task<ClientWebSocket> ConnectAsync(ApiHost host, HttpClient client, string path = "/ws", string? origin = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {TokenOf(client)}");
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        await socket.ConnectAsync(AddressOf(host, path), Cancellation);
        return socket;
    }

    private static async Task<ClientWebSocket> OpenAsync(ApiHost host, HttpClient client)
    {
        var socket = await ConnectAsync(host, client);
        await ReceiveAsync(socket);
        return socket;
    }

    private async Task<HttpStatusCode> RefusalAsync(string path, string? token, string? origin = null)
    {
        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        if (token is not null)
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        await Should.ThrowAsync<WebSocketException>(() => socket.ConnectAsync(AddressOf(api.Host, path), Cancellation));
        return socket.HttpStatusCode;
    }

    private static Task SendAsync<T>(ClientWebSocket socket, T message) => socket.SendAsync(
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, Cancellation);

    /// <summary>Asks and skips what is said about typing.</summary>
    private static async Task<JsonObject> AskAsync(ClientWebSocket socket, string question)
    {
        await SendAsync(socket, new { type = "chat_message", message = question });
        while (true)
        {
            var message = await ReceiveAsync(socket);
            if (message["type"]!.GetValue<string>() != "bot_typing")
                return message;
        }
    }

    private static async Task<JsonObject> ReceiveAsync(ClientWebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
            part.MessageType.ShouldBe(WebSocketMessageType.Text, socket.CloseStatusDescription);
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return JsonNode.Parse(message.ToArray())!.AsObject();
        }
    }

    private static async Task<WebSocketCloseStatus?> CloseStatusAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        while ((await socket.ReceiveAsync(buffer.AsMemory(), Cancellation)).MessageType != WebSocketMessageType.Close)
        {
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Cancellation);
        return socket.CloseStatus;
    }

    private sealed class Earlier(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() - by;
    }
}
