using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Privacy;
using Mefapex.Tests.Api.Ingestion;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Mefapex.Tests.Api.Privacy;

/// <summary>Runs what people do against a service that logs all it can, and searches what it exports for what is theirs.</summary>
public sealed partial class TelemetryLeakTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Username = "elif.gizliova";
    private const string FullName = "Elif Gizliova";
    private const string Email = "elif.posta@gizliova.example";
    private const string Password = "cok gizli parola 93";
    private const string NewPassword = "yepyeni parola 4711";
    private const string WrongPassword = "yanlis parola 57";
    private const string Phone = "0532 987 65 43";
    private const string Identity = "19876543210";
    private const string Address = "203.0.113.77";
    private const string Agent = "ElifinTelefonu/7.0";
    private const string Title = "Elif özel sohbet";
    private const string Searched = "kimseye söyleme";
    private const string FileName = "gizliova-ozluk.txt";
    private const string FileText = "Gizliova ayda 48.765 lira alır";
    private const string Comment = "Zeliha bana kızdı";
    private const string Planted = "bilerek-konmus-sizinti";

    private readonly string _outbox = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"mefapex-outbox-{Guid.NewGuid():N}");
    private readonly OtlpCollector _collector = new();
    private readonly List<string> _secrets = [];
    private ApiHost? _host;
    private string _database = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ApiHost Host => _host!;

    public async ValueTask InitializeAsync()
    {
        _database = await ApiFactory.CreateDatabaseAsync(postgres);
        _host = await ApiHost.Start(_database, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Mail:Outbox"] = _outbox,
            ["Edge:TrustedProxies"] = "127.0.0.1",
            ["Logging:LogLevel:Default"] = "Debug",
            ["Logging:LogLevel:Microsoft"] = "Debug",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Debug",
            ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "Debug",
            ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Debug",
            ["Logging:LogLevel:Npgsql"] = "Debug",
            ["Logging:LogLevel:System.Net.Http"] = "Debug",
            ["Logging:LogLevel:System.Net.Http.HttpClient"] = "Debug",
            ["Logging:LogLevel:Polly"] = "Debug",
            ["Logging:Console:LogLevel:Default"] = "None",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _collector.Address.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_MAX_QUEUE_SIZE"] = "1000000",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_BLRP_MAX_QUEUE_SIZE"] = "1000000",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        }).ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        await _collector.DisposeAsync();
        if (Directory.Exists(_outbox))
            Directory.Delete(_outbox, recursive: true);
    }

    [Fact]
    public async Task Nothing_personal_is_logged_traced_or_measured()
    {
        await ExecuteAsync("update tenants set registration = 'open' where slug = 'fabrika'");
        using var client = Client();
        await AccountAsync(client);
        await ConversationsAsync(client);
        await DocumentsAsync();
        await MistakesAsync(client);
        await ForgottenPasswordAsync();

        // To see that the search finds what is there to be found.
        using (var source = new ActivitySource("Mefapex.Tests.Leak"))
        using (var span = source.StartActivity("planted"))
            span.ShouldNotBeNull().SetTag("note", Planted);
        Host.Services.GetRequiredService<IMeterFactory>().Create("Mefapex.Tests.Leak").CreateCounter<long>("planted")
            .Add(1, new KeyValuePair<string, object?>("note", Planted));
        LogPlanted(Host.Services.GetRequiredService<ILogger<TelemetryLeakTests>>(), Planted);
        await Host.DisposeAsync();
        _host = null;

        _collector.SignalsWith(Planted).ShouldBe(["logs", "metrics", "traces"]);
        _collector.SignalsWith("Microsoft.AspNetCore.Routing").ShouldContain("logs");
        _collector.SignalsWith("from users").ShouldBe(["logs", "traces"]);
        _secrets.Count.ShouldBeGreaterThanOrEqualTo(4);
        string[] personal =
        [
            Username, FullName, "gizliova", Password, NewPassword, WrongPassword, Phone, Identity, Address, Agent, Title, Searched,
            FileText, Comment, .. _secrets,
        ];
        var found = personal.SelectMany(Forms).Distinct()
            .SelectMany(form => _collector.SignalsWith(form).Select(signal => $"{form} in {signal}: {_collector.Around(signal, form)}"));
        string.Join("\n\n", found).ShouldBe("");
    }

    /// <summary>As it stands, in addresses, and in JSON.</summary>
    private static IEnumerable<string> Forms(string text) =>
        [text, Uri.EscapeDataString(text), WebUtility.UrlEncode(text), JsonSerializer.Serialize(text)[1..^1]];

    private async Task AccountAsync(HttpClient client)
    {
        using (var registered = await client.PostWireAsync("/register", new RegisterRequest(Username, Email, Password, FullName)))
            registered.StatusCode.ShouldBe(HttpStatusCode.Created);
        using (var again = await client.PostWireAsync("/register", new RegisterRequest(Username, Email, Password, FullName)))
            again.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        using (var wrong = await client.PostWireAsync("/login", new LoginRequest(Username, WrongPassword)))
            wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using (var cookies = await client.PostWireAsync("/api/auth/login", new LoginRequest(Username, Password)))
        {
            cookies.StatusCode.ShouldBe(HttpStatusCode.OK);
            _secrets.AddRange(cookies.Headers.GetValues("Set-Cookie").Select(c => c.Split('=', 2)[1].Split(';')[0]));
            using var refresh = new HttpRequestMessage(HttpMethod.Post, "/api/auth/refresh");
            refresh.Headers.Add("Cookie", cookies.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]));
            using var refreshed = await client.SendAsync(refresh, Cancellation);
            refreshed.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        var login = await client.PostWireAsync<LoginResponse>("/login", new LoginRequest(Username, Password));
        _secrets.Add(login.AccessToken);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", login.AccessToken);
        (await client.GetWireAsync<UserInfo>("/me")).Username.ShouldBe(Username);
        using (var sessions = await client.GetAsync(Path("/api/v1/account/sessions"), Cancellation))
            sessions.StatusCode.ShouldBe(HttpStatusCode.OK);
        using (var export = await client.GetAsync(Path("/api/v1/account/export"), Cancellation))
            (await export.Content.ReadAsByteArrayAsync(Cancellation)).Length.ShouldBeGreaterThan(500);
        using (var erase = await client.PostWireAsync("/api/v1/account/erase", new EraseRequest(WrongPassword)))
            erase.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var admin = await AdminAsync();
        using var invited = await admin.PostWireAsync(
            "/api/v1/admin/invitations", new InvitationRequest($"davetli@{Username}.example", null));
        invited.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    private async Task ConversationsAsync(HttpClient client)
    {
        var answer = await client.PostWireAsync<ChatAnswer>(
            "/chat/authenticated", new ChatRequest($"Ben Elif Gizliova, numaram {Phone}, T.C. {Identity}: yıllık iznim kaç gün?"));
        using (await client.PutWireAsync(
            $"/api/v1/conversations/{answer.SessionId}/messages/{answer.MessageId}/feedback",
            new FeedbackRequest(false, FeedbackReason.Wrong, Comment)))
        {
        }

        var title = JsonSerializer.Serialize(new { title = Title });
        await StatusAsync(client, HttpMethod.Patch, $"/api/v1/conversations/{answer.SessionId}", title, 200);
        using (var found = await client.GetAsync(Path($"/api/v1/conversations?q={Uri.EscapeDataString(Searched)}"), Cancellation))
            found.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var anonymous = Client();
        await anonymous.PostWireAsync<ChatAnswer>("/chat/public", new ChatRequest($"{Phone} numarası kimin?"));

        // A browser has no other way than the address.
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("User-Agent", Agent);
        var token = client.DefaultRequestHeaders.Authorization!.Parameter;
        await socket.ConnectAsync(new Uri($"ws://{Host.Address.Authority}/ws?token={token}"), Cancellation);
        await socket.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(new { type = "chat_message", message = $"T.C. kimlik numaram {Identity}, Elif Gizliova" }),
            WebSocketMessageType.Text, endOfMessage: true, Cancellation);
        await socket.SendAsync(Encoding.UTF8.GetBytes($"{{ bozuk {Phone}"), WebSocketMessageType.Text, endOfMessage: true, Cancellation);
        var buffer = new byte[65536];
        for (var answered = false; !answered;)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
            answered = Encoding.UTF8.GetString(buffer, 0, part.Count).Contains("chat_response", StringComparison.Ordinal);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
    }

    private async Task DocumentsAsync()
    {
        using var editor = await Host.SignInAsync("editor");
        await editor.AddLiveAsync(
            FileName, Encoding.UTF8.GetBytes(FileText + ".\n"), ("category", "genel"), ("title", "Elif Gizliova özlük"));
        using var bad = await editor.UploadAsync("gizliova.pdf", Encoding.UTF8.GetBytes(FileText), null, ("category", "genel"));
        bad.IsSuccessStatusCode.ShouldBeFalse();
    }

    /// <summary>400, 401, 404, 405 and 500, with what is personal in every place of a request.</summary>
    private async Task MistakesAsync(HttpClient client)
    {
        await StatusAsync(client, HttpMethod.Post, "/login", $"{{\"username\":\"{Username}\",\"password\":{Password}", 400);
        await StatusAsync(client, HttpMethod.Post, "/login", $"{{\"username\":[\"{Username}\"],\"password\":\"{Password}\"}}", 400);
        await StatusAsync(client, HttpMethod.Get, $"/api/v1/conversations?limit={Uri.EscapeDataString(Searched)}", null, 400);
        await StatusAsync(client, HttpMethod.Get, $"/api/v1/conversations?cursor={Uri.EscapeDataString(Email)}", null, 400);
        await StatusAsync(client, HttpMethod.Get, $"/yok?kim={Uri.EscapeDataString(Email)}", null, 404);
        await StatusAsync(client, HttpMethod.Delete, $"/login?kim={Uri.EscapeDataString(Email)}", null, 405);
        using (var forged = Client())
        {
            forged.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _secrets[^1] + "x");
            await StatusAsync(forged, HttpMethod.Get, "/me", null, 401);
        }

        // PostgreSQL repeats values in the details of its errors.
        await ExecuteAsync(
            """
            create function refuse() returns trigger language plpgsql as
                $$ begin raise exception 'refused' using detail = to_jsonb(new)::text; end $$;
            create trigger refuse before insert on exchanges for each row execute function refuse();
            """);
        var question = JsonSerializer.Serialize(new { message = $"Numaram {Phone}" });
        await StatusAsync(client, HttpMethod.Post, "/chat/authenticated", question, 500);
        await ExecuteAsync("drop trigger refuse on exchanges");

        // A request that is no HTTP never reaches our code.
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(Host.Address.Host, Host.Address.Port, Cancellation);
        await tcp.GetStream().WriteAsync(
            Encoding.UTF8.GetBytes($"GET /ws?token={_secrets[^1]} {Username}\r\nX-Kim: {Username}\r\n\r\n"), Cancellation);
        (await tcp.GetStream().ReadAsync(new byte[1024], Cancellation)).ShouldBeGreaterThan(0);
    }

    private async Task ForgottenPasswordAsync()
    {
        using var client = Client();
        using (var asked = await client.PostWireAsync("/api/v1/account/password-reset", new PasswordResetRequest(Username)))
            asked.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var code = "";
        await Eventually.UntilAsync(
            () => (code = Directory.EnumerateFiles(_outbox, "*.eml").Select(File.ReadAllText)
                .Where(mail => mail.Contains(Email, StringComparison.Ordinal))
                .Select(mail => Code().Match(Decode(mail)).Value.TrimEnd()).FirstOrDefault("")).Length > 0,
            "the mail with the code is there");
        _secrets.Add(code);
        using var changed = await client.PostWireAsync(
            "/api/v1/account/password-reset/confirm", new PasswordResetConfirmation(code, NewPassword));
        changed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    private static string Decode(string mail) => mail.Replace("=\r\n", "", StringComparison.Ordinal)
        .Replace("=0A", "\n", StringComparison.Ordinal).Replace("=0D", "\r", StringComparison.Ordinal);

    private async Task<HttpClient> AdminAsync() => await Host.SignInAsync("yonetici");

    private HttpClient Client()
    {
        var client = Host.Client();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", Address);
        client.DefaultRequestHeaders.Add("User-Agent", Agent);
        return client;
    }

    private static async Task StatusAsync(HttpClient client, HttpMethod method, string path, string? json, int status)
    {
        using var request = new HttpRequestMessage(method, Path(path));
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, Cancellation);
        ((int)response.StatusCode).ShouldBe(status, path);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static Uri Path(string path) => new(path, UriKind.Relative);

    [LoggerMessage(LogLevel.Debug, "Planted {Note}")]
    private static partial void LogPlanted(ILogger logger, string note);

    [GeneratedRegex("^[A-Za-z0-9_-]{43}\r?$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Code();
}
