using System.Net;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Mefapex.Api.Ai;
using Mefapex.Api.Chat;
using Mefapex.Api.Chat.Sockets;
using Mefapex.Api.Keys;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Shared;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Keys;
using Mefapex.Contracts.Operations;
using Mefapex.Tests.Api.Chat;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mefapex.Tests.Api.Shared;

/// <summary>Two replicas on one database that hear each other.</summary>
public abstract class Replicas(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly List<ApiHost> _hosts = [];
    private string _database = "";

    public ApiHost First => _hosts[0];

    public ApiHost Second => _hosts[1];

    public virtual async ValueTask InitializeAsync()
    {
        _database = await ApiFactory.CreateDatabaseAsync(postgres);
        var settings = new Dictionary<string, string?>(Settings, StringComparer.Ordinal)
        {
            ["Answers:SearchTimeout"] = "00:01:00",
            ["Answers:LoadTimeout"] = "00:01:00",
        };
        for (var i = 0; i < 2; i++)
            _hosts.Add(await ApiHost.Start(_database + ";Command Timeout=60", settings).ReadyAsync());
        await ReachAsync(First, Second);
        await ReachAsync(Second, First);
    }

    /// <summary>Until it is disposed no question is answered: the version of the knowledge cannot be read.</summary>
    public async Task<IAsyncDisposable> HoldAsync()
    {
        var connection = new NpgsqlConnection(_database + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("begin; lock table knowledge_bases in access exclusive mode", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>(StringComparer.Ordinal);

    private static async Task ReachAsync(ApiHost from, ApiHost to)
    {
        if (from.Services.GetRequiredService<RedisConnection>() is { IsConfigured: true } redis)
            await Eventually.UntilAsync(() => redis.IsUp, "Redis is up");
        var heard = false;
        using var subscription = to.Services.GetRequiredService<IReplicaBus>().Subscribe("reach", _ => Volatile.Write(ref heard, true));
        while (!Volatile.Read(ref heard))
        {
            await from.Services.GetRequiredService<IReplicaBus>().PublishAsync("reach", "x", TestContext.Current.CancellationToken);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}

public sealed class PostgresReplicas(PostgresFixture postgres) : Replicas(postgres);

public sealed class RedisReplicas(PostgresFixture postgres) : Replicas(postgres)
{
    private RedisServer? _redis;

    private protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["ConnectionStrings:redis"] = _redis!.ConnectionString,
        ["Redis:Timeout"] = "00:00:10",
    };

    public override async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartNewAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
    }
}

/// <summary>What happens at one replica and must be seen at the other.</summary>
public abstract class ReplicaTests(Replicas replicas)
{
    private const string Question = "Şifremi unuttum";
    private const string Conversations = "/api/v1/conversations";

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected Replicas Replicas => replicas;

    [Fact]
    public async Task A_session_that_ends_at_one_replica_is_refused_and_loses_its_sockets_at_the_other()
    {
        using var person = await replicas.First.SignInAsync("demo");
        using var there = replicas.Second.Client(TokenOf(person));
        using var socket = await ConnectAsync(replicas.Second, person, "/ws");
        await ReceiveAsync(socket);
        (await StatusAsync(there, "/me")).ShouldBe(HttpStatusCode.OK);
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var subscription = replicas.Second.Services.GetRequiredService<IReplicaBus>()
            .Subscribe(BusChannels.SessionEnded, _ => heard.TrySetResult());

        using var left = await person.PostAsync(new Uri("/logout", UriKind.Relative), content: null, Cancellation);

        left.StatusCode.ShouldBe(HttpStatusCode.OK);
        await heard.Task.WaitAsync(Cancellation);
        (await StatusAsync(there, "/me")).ShouldBe(HttpStatusCode.Unauthorized);
        (await CloseAsync(socket)).ShouldBe((ChatSockets.TokenEnded, "session-ended"));
    }

    [Fact]
    public async Task A_question_asked_at_one_replica_is_shown_in_the_sockets_of_its_conversation_at_the_other()
    {
        using var person = await replicas.First.SignInAsync("demo");
        var conversation = (await person.PostWireAsync<ConversationSummary>(Conversations, new { })).Id;
        using var socket = await ConnectAsync(replicas.Second, person, $"/ws?session_id={conversation}");
        using var elsewhere = await ConnectAsync(replicas.Second, person, "/ws");
        await ReceiveAsync(socket);
        await ReceiveAsync(elsewhere);
        var user = Guid.Parse((await person.GetWireAsync<UserInfo>("/me")).UserId);
        await Eventually.UntilAsync(
            () => replicas.First.Services.GetRequiredService<OpenSockets>().IsElsewhere(user), "the first replica knows of the socket");

        var answer = await person.PostWireAsync<ChatAnswer>($"{Conversations}/{conversation}/messages", new { message = Question });

        var shown = new List<JsonObject>();
        while (shown.LastOrDefault()?["type"]!.GetValue<string>() != "chat_response")
            shown.Add(await ReceiveAsync(socket));
        OfType(shown, "bot_typing").Select(m => m["typing"]!.GetValue<bool>()).ShouldBe([true, false]);
        var asked = OfType(shown, "chat_message").ShouldHaveSingleItem();
        asked["message"]!.GetValue<string>().ShouldBe(Question);
        asked["message_id"]!.GetValue<string>().ShouldBe(answer.MessageId);
        shown[^1]["response"]!.GetValue<string>().ShouldBe(answer.Response);
        shown[^1]["message_id"]!.GetValue<string>().ShouldBe(answer.MessageId);

        // The other socket is in no such conversation: what it hears first is the answer to its own question.
        await SendAsync(elsewhere, new { type = "ping" });
        (await ReceiveAsync(elsewhere))["type"]!.GetValue<string>().ShouldBe("pong");
    }

    [Fact]
    public async Task An_answer_is_cancelled_at_the_replica_that_does_not_make_it()
    {
        using var person = await replicas.First.SignInAsync("demo");
        using var there = replicas.Second.Client(TokenOf(person));
        var conversation = (await person.PostWireAsync<ConversationSummary>(Conversations, new { })).Id;
        await using (await replicas.HoldAsync())
        {
            using var response = await person.AskForEventsAsync(conversation, new ChatRequest(Question));
            await using var events = response.EventsAsync().GetAsyncEnumerator(Cancellation);
            (await events.MoveNextAsync()).ShouldBeTrue();
            var message = events.Current.Read<ChatMeta>().MessageId;

            using var cancelled = await there.DeleteAsync(
                new Uri($"{Conversations}/{conversation}/messages/{message}", UriKind.Relative), Cancellation);

            cancelled.StatusCode.ShouldBe(HttpStatusCode.NoContent);
            (await events.MoveNextAsync()).ShouldBeTrue();
            events.Current.EventType.ShouldBe(ChatEvents.Error);
        }

        using var other = await replicas.Second.SignInAsync("editor");
        using var unknown = await other.DeleteAsync(
            new Uri($"{Conversations}/{conversation}/messages/{Guid.NewGuid()}", UriKind.Relative), Cancellation);
        await unknown.ShouldBeProblemAsync(404, "message-not-found");
    }

    [Fact]
    public async Task A_cache_cleared_at_one_replica_is_empty_at_both_and_a_fallback_holds_for_both()
    {
        using var platform = await replicas.First.SignInAsync("operator");
        var tenant = Guid.NewGuid();
        var cache = replicas.Second.Services.GetRequiredService<AnswerCache>();
        await cache.GetAsync(Key(tenant, "temiz"), _ => Task.FromResult(Result("eski")), _ => true, Cancellation);
        cache.Figures(tenant).Answers.ShouldBeGreaterThan(0);

        (await platform.PostWireAsync<CacheCleared>("/admin/cache/clear", new { })).Status.ShouldBe("success");
        await Eventually.UntilAsync(() => cache.Figures(tenant).Answers == 0, "the other replica has forgotten");
        var after = await cache.GetAsync(Key(tenant, "temiz"), _ => Task.FromResult(Result("yeni")), _ => true, Cancellation);
        after.Response.ShouldBe("yeni");

        var forced = replicas.Second.Services.GetRequiredService<ForcedFallbacks>();
        await platform.PostWireAsync<FallbackState>("/system/force-fallback", new { });
        await Eventually.UntilAsync(() => forced.Of(tenant) is not null, "the other replica has heard of it");
        using var lifted = await platform.DeleteAsync(new Uri("/system/force-fallback", UriKind.Relative), Cancellation);
        await Eventually.UntilAsync(() => forced.Of(tenant) is null, "the other replica has heard of its end");
    }

    [Fact]
    public async Task A_key_revoked_at_one_replica_is_asked_for_again_at_the_other()
    {
        using var admin = await replicas.First.SignInAsync("yonetici");
        var key = await admin.PostWireAsync<ApiKeyInfo>(
            "/api/v1/admin/api-keys", new { name = "gözcü", scopes = new[] { "knowledge:read" } });
        using var monitor = replicas.Second.Client(key.Secret);
        (await StatusAsync(monitor, "/api/v1/knowledge/synonyms")).ShouldBe(HttpStatusCode.OK);
        var keys = replicas.Second.Services.GetRequiredService<KeyDirectory>();
        keys.Knows(KeySecret.HashOf(key.Secret!)).ShouldBeTrue();

        using var revoked = await admin.DeleteAsync(new Uri($"/api/v1/admin/api-keys/{key.Id}", UriKind.Relative), Cancellation);

        await Eventually.UntilAsync(() => !keys.Knows(KeySecret.HashOf(key.Secret!)), "the other replica has forgotten the key");
        (await StatusAsync(monitor, "/api/v1/knowledge/synonyms")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_question_that_leans_on_the_one_before_is_understood_by_the_replica_that_did_not_answer_it()
    {
        using var person = await replicas.First.SignInAsync("demo");
        using var there = replicas.Second.Client(TokenOf(person));
        var conversation = (await person.PostWireAsync<ConversationSummary>(Conversations, new { })).Id;
        var path = $"{Conversations}/{conversation}/messages";

        await person.PostWireAsync<ChatAnswer>(path, new { message = "Servis kaçta kalkıyor?" });
        var follow = await there.PostWireAsync<ChatAnswer>(path, new { message = "Peki hafta sonu?" });
        follow.Understood.ShouldNotBeNull().ShouldContain("ervis");

        // What was kept of before another question is not believed.
        await there.PostWireAsync<ChatAnswer>(path, new { message = Question });
        await person.PostWireAsync<ChatAnswer>(path, new { message = "Merhaba" });
        follow = await person.PostWireAsync<ChatAnswer>(path, new { message = "Peki ya o?" });
        (follow.Understood ?? Question).ShouldContain("ifre");
    }

    private protected static AnswerKey Key(Guid tenant, string question) =>
        new(tenant, 1, "", "tr", new DateOnly(2026, 11, 21), "model", question, null);

    private protected static AnswerResult Result(string response) => new()
    {
        Response = response,
        Source = "knowledge",
        Decision = Decision.Answer,
        Sources = [],
        Confidence = 1,
        Language = "tr",
        Degradation = Degradation.NoGenerator,
        Why = new AnswerWhy
        {
            FoldedQuestion = response,
            Language = "tr",
            Decision = Decision.Answer,
            Degradation = Degradation.NoGenerator,
            Timings = new Dictionary<string, double>(StringComparer.Ordinal),
        },
    };

    private static IEnumerable<JsonObject> OfType(IEnumerable<JsonObject> messages, string type) =>
        messages.Where(message => message["type"]!.GetValue<string>() == type);

    private static string TokenOf(HttpClient client) => client.DefaultRequestHeaders.Authorization!.Parameter!;

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return response.StatusCode;
    }

    private static async Task<ClientWebSocket> ConnectAsync(ApiHost host, HttpClient client, string path)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {TokenOf(client)}");
        await socket.ConnectAsync(new Uri($"ws://{host.Address.Authority}{path}"), Cancellation);
        return socket;
    }

    private static Task SendAsync<T>(ClientWebSocket socket, T message) => socket.SendAsync(
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, Cancellation);

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

    private static async Task<(WebSocketCloseStatus?, string?)> CloseAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        while ((await socket.ReceiveAsync(buffer.AsMemory(), Cancellation)).MessageType != WebSocketMessageType.Close)
        {
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Cancellation);
        return (socket.CloseStatus, socket.CloseStatusDescription);
    }
}

public sealed class PostgresReplicaTests(PostgresReplicas replicas) : ReplicaTests(replicas), IClassFixture<PostgresReplicas>;

public sealed class RedisReplicaTests(RedisReplicas replicas) : ReplicaTests(replicas), IClassFixture<RedisReplicas>
{
    [Fact]
    public async Task An_answer_that_one_replica_gave_serves_the_other_until_the_knowledge_changes()
    {
        var key = Key(Guid.NewGuid(), "ortak");
        var (first, second) = (
            Replicas.First.Services.GetRequiredService<AnswerCache>(), Replicas.Second.Services.GetRequiredService<AnswerCache>());
        await first.GetAsync(key, _ => Task.FromResult(Result("bir")), _ => true, Cancellation);
        await KeptAsync(Replicas.Second, key);

        var known = await second.GetAsync(key, _ => Task.FromResult(Result("iki")), _ => true, Cancellation);
        var newer = await second.GetAsync(key with { KnowledgeVersion = 2 }, _ => Task.FromResult(Result("yeni")), _ => true, Cancellation);

        known.Response.ShouldBe("bir");
        known.Cached.ShouldBeTrue();
        newer.Response.ShouldBe("yeni");
        using var admin = await Replicas.Second.SignInAsync("yonetici");
        (await admin.GetWireAsync<CacheStats>("/admin/cache/stats")).SecondLevel.ShouldNotBeNull().Hits.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task What_the_next_question_may_lean_on_is_at_hand_at_the_other_replica_until_its_conversation_is_deleted()
    {
        using var person = await Replicas.First.SignInAsync("hasta");
        var user = Guid.Parse((await person.GetWireAsync<UserInfo>("/me")).UserId);
        var conversation = (await person.PostWireAsync<ConversationSummary>("/api/v1/conversations", new { })).Id;
        var contexts = Replicas.Second.Services.GetRequiredService<ConversationContexts>();

        await person.PostWireAsync<ChatAnswer>(
            $"/api/v1/conversations/{conversation}/messages", new { message = "Ziyaret saatleri nedir?" });

        KeptContext? kept = null;
        while (kept?.Context is null)
            kept = await contexts.GetAsync(user, Guid.Parse(conversation), Cancellation);
        kept.Context.Question.ShouldBe("Ziyaret saatleri nedir?");
        using var deleted = await person.DeleteAsync(new Uri($"/api/v1/conversations/{conversation}", UriKind.Relative), Cancellation);
        (await contexts.GetAsync(user, Guid.Parse(conversation), Cancellation)).ShouldBeNull();
    }

    private static async Task KeptAsync(ApiHost host, AnswerKey key)
    {
        while (await host.Services.GetRequiredService<SharedAnswers>().GetAsync(key, Cancellation) is null)
            await Task.Delay(5, Cancellation);
    }
}
