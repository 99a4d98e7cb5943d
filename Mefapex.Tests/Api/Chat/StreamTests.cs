using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Chat;

public sealed class StreamTests(PatientApi api, PostgresFixture postgres) : IClassFixture<PatientApi>
{
    private const string Conversations = "/api/v1/conversations";
    private const string Question = "Şifremi unuttum";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_message_has_its_id_before_anything_is_known_of_its_answer()
    {
        using var client = await api.Host.SignInAsync("demo");
        var conversation = await OpenAsync(client);
        var held = await api.HoldAsync();

        using var response = await client.AskForEventsAsync(conversation, new ChatRequest(Question));
        await using var events = response.EventsAsync().GetAsyncEnumerator(Cancellation);
        (await events.MoveNextAsync()).ShouldBeTrue();
        var meta = events.Current.Read<ChatMeta>();
        events.Current.EventId.ShouldBe($"{meta.MessageId}:0");
        meta.Decision.ShouldBeNull();
        (await StoredAsync(client, conversation)).ShouldBeEmpty();

        await held.DisposeAsync();
        var last = events.Current;
        for (var number = 1; await events.MoveNextAsync(); number++)
        {
            last = events.Current;
            last.EventId.ShouldBe($"{meta.MessageId}:{number}");
        }

        last.EventType.ShouldBe(ChatEvents.Done);
        last.Read<ChatAnswer>().MessageId.ShouldBe(meta.MessageId);
    }

    [Fact]
    public async Task An_answer_whose_reader_left_is_finished_and_can_be_followed_to_its_end()
    {
        using var client = await api.Host.SignInAsync("demo");
        var conversation = await OpenAsync(client);
        var held = await api.HoldAsync();
        SseItem<string> first;
        using (var response = await client.AskForEventsAsync(conversation, new ChatRequest(Question)))
        {
            await using var events = response.EventsAsync().GetAsyncEnumerator(Cancellation);
            await events.MoveNextAsync();
            first = events.Current;
        }

        var message = first.Read<ChatMeta>().MessageId;
        using var whileItIsMade = await client.FollowAsync(conversation, message, first.EventId);
        using var fromTheStart = await client.FollowAsync(conversation, message);
        await held.DisposeAsync();

        var rest = await whileItIsMade.ReadEventsAsync();
        rest[^1].EventType.ShouldBe(ChatEvents.Done);
        (await fromTheStart.ReadEventsAsync()).ShouldBe([first, .. rest]);
        (await StoredAsync(client, conversation)).ShouldHaveSingleItem().Id.ShouldBe(message);
    }

    [Fact]
    public async Task Another_replica_sends_the_rest_of_what_was_stored()
    {
        using var client = await api.Host.SignInAsync("demo");
        var conversation = await OpenAsync(client);
        using var response = await client.AskForEventsAsync(conversation, new ChatRequest(Question));
        var events = await response.ReadEventsAsync();
        var message = events[0].Read<ChatMeta>().MessageId;

        await using var replica = await api.StartAsync();
        using var there = await replica.SignInAsync("demo");
        using var rest = await there.FollowAsync(conversation, message, events[3].EventId);
        (await rest.ReadEventsAsync()).ShouldBe(events[4..]);

        using var nothing = await there.FollowAsync(conversation, message, events[^1].EventId);
        nothing.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/cancel")]
    public async Task A_cancelled_answer_ends_with_an_error_and_leaves_nothing(string method, string path)
    {
        using var client = await api.Host.SignInAsync("demo");
        var conversation = await OpenAsync(client);
        var message = Guid.NewGuid();
        await using (await api.HoldAsync())
        {
            using var response = await client.AskForEventsAsync(conversation, new ChatRequest(Question, MessageId: message));
            using var cancel = await SendAsync(client, method, $"{Conversations}/{conversation}/messages/{message}{path}");
            cancel.StatusCode.ShouldBe(HttpStatusCode.NoContent);

            var events = await response.ReadEventsAsync();
            events.Select(e => e.EventType).ShouldBe([ChatEvents.Meta, ChatEvents.Error]);
            var problem = events[1].Read<JsonObject>();
            problem["type"]!.GetValue<string>().ShouldBe("urn:mefapex:problem:answer-cancelled");
            problem["detail"]!.GetValue<string>().ShouldNotBeEmpty();
        }

        (await StoredAsync(client, conversation)).ShouldBeEmpty();
        using var again = await client.AskForEventsAsync(conversation, new ChatRequest(Question, MessageId: message));
        (await again.ReadEventsAsync())[^1].EventType.ShouldBe(ChatEvents.Done);
        using var late = await SendAsync(client, method, $"{Conversations}/{conversation}/messages/{message}{path}");
        await late.ShouldBeProblemAsync(409, "answer-finished");
        (await StoredAsync(client, conversation)).ShouldHaveSingleItem().Id.ShouldBe(message.ToString());
    }

    [Fact]
    public async Task What_fails_in_the_middle_is_an_error_event_and_a_plain_problem_where_json_is_awaited()
    {
        var database = await ApiFactory.CreateDatabaseAsync(postgres);
        await using var host = await ApiHost.Start(database).ReadyAsync();
        using var client = await host.SignInAsync("demo");
        var conversation = await OpenAsync(client);
        await ExecuteAsync(database, "alter table knowledge_texts rename to elsewhere");

        using var response = await client.AskForEventsAsync(conversation, new ChatRequest(Question));
        var events = await response.ReadEventsAsync();
        events.Select(e => e.EventType).ShouldBe([ChatEvents.Meta, ChatEvents.Error]);
        var problem = events[1].Read<JsonObject>();
        problem["type"]!.GetValue<string>().ShouldBe("urn:mefapex:problem:answer-failed");
        problem["status"]!.GetValue<int>().ShouldBe(500);
        events[1].Data.ShouldNotContain("knowledge_texts");

        using var plain = await client.PostWireAsync($"{Conversations}/{conversation}/messages", new ChatRequest(Question));
        (await plain.ShouldBeProblemAsync(500, "unexpected")).ShouldNotContain("knowledge_texts");
        (await StoredAsync(client, conversation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_conversation_deleted_meanwhile_ends_the_stream_with_an_error()
    {
        using var client = await api.Host.SignInAsync("demo");
        var conversation = await OpenAsync(client);
        var held = await api.HoldAsync();
        using var response = await client.AskForEventsAsync(conversation, new ChatRequest(Question));
        using var deleted = await SendAsync(client, "DELETE", $"{Conversations}/{conversation}");
        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await held.DisposeAsync();

        var events = await response.ReadEventsAsync();
        events[^1].EventType.ShouldBe(ChatEvents.Error);
        events[^1].Data.ShouldContain("conversation-not-found");
    }

    [Fact]
    public async Task A_quiet_stream_is_kept_open_by_comments()
    {
        await using var host = await api.StartAsync(("Chat:Heartbeat", "00:00:00.020"));
        using var client = await host.SignInAsync("demo");
        var conversation = await OpenAsync(client);
        await using var held = await api.HoldAsync();

        using var response = await client.AskForEventsAsync(conversation, new ChatRequest(Question));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        for (var comments = 0; comments < 3;)
        {
            var line = await reader.ReadLineAsync(Cancellation);
            line.ShouldNotBeNull();
            if (line.StartsWith(':'))
                comments++;
        }
    }

    [Fact]
    public async Task A_question_repeated_under_its_id_is_answered_from_what_was_stored()
    {
        using var client = await api.Host.SignInAsync("demo");
        var conversation = await OpenAsync(client);
        var request = new ChatRequest(Question, MessageId: Guid.NewGuid());
        await using var replica = await api.StartAsync();
        using var there = await replica.SignInAsync("demo");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? client : there).PostWireAsync<ChatAnswer>($"{Conversations}/{conversation}/messages", request)));
        var later = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", request);

        answers.Append(later).ShouldAllBe(a => a.MessageId == request.MessageId.ToString() && a.SessionId == conversation);
        var stored = (await StoredAsync(client, conversation)).ShouldHaveSingleItem();
        later.ResponseTimeMs.ShouldBe(stored.Answer.ResponseTimeMs);
    }

    [Fact]
    public async Task An_id_that_belongs_to_another_question_is_refused()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var other = await api.Host.SignInAsync("editor");
        var conversation = await OpenAsync(client);
        var id = Guid.NewGuid();
        await client.PostWireAsync<ChatAnswer>($"{Conversations}/{conversation}/messages", new ChatRequest(Question, MessageId: id));

        using var changed = await client.PostWireAsync(
            $"{Conversations}/{conversation}/messages", new ChatRequest("Servis saatleri", MessageId: id));
        await changed.ShouldBeProblemAsync(409, "message-id-taken");
        using var foreign = await other.PostWireAsync("/chat/authenticated", new ChatRequest(Question, MessageId: id));
        await foreign.ShouldBeProblemAsync(409, "message-id-taken");
    }

    [Fact]
    public async Task Messages_of_others_can_be_neither_followed_nor_cancelled()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var other = await api.Host.SignInAsync("yonetici");
        var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(Question));
        var elsewhere = await OpenAsync(client);

        foreach (var (who, conversation) in new[] { (other, answer.SessionId!), (client, elsewhere) })
        {
            using var follow = await who.FollowAsync(conversation, answer.MessageId!);
            await follow.ShouldBeProblemAsync(404, "message-not-found");
            using var cancel = await SendAsync(who, "DELETE", $"{Conversations}/{conversation}/messages/{answer.MessageId}");
            await cancel.ShouldBeProblemAsync(404, "message-not-found");
        }
    }

    [Theory]
    [InlineData("yanlis")]
    [InlineData("7f9c3a52-0000-0000-0000-000000000000:1")]
    [InlineData("{id}:-1")]
    [InlineData("{id}:99999999999")]
    public async Task A_last_event_id_of_something_else_is_400(string lastEventId)
    {
        using var client = await api.Host.SignInAsync("demo");
        var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Merhaba"));

        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"{Conversations}/{answer.SessionId}/messages/{answer.MessageId}/events");
        request.Headers.TryAddWithoutValidation(
            "Last-Event-ID", lastEventId.Replace("{id}", answer.MessageId, StringComparison.Ordinal));
        using var response = await client.SendAsync(request, Cancellation);

        await response.ShouldBeProblemAsync(400, "last-event-id-invalid");
    }

    [Theory]
    [InlineData("/chat")]
    [InlineData("/chat/public")]
    [InlineData("/api/chat/message")]
    public async Task A_body_far_over_any_question_is_413(string path)
    {
        using var client = await api.Host.SignInAsync("demo");
        using var response = await client.PostWireAsync(path, new ChatRequest(new string('a', 200 * 1024)));

        await response.ShouldBeProblemAsync(413, "payload-too-large");
    }

    private static async Task<string> OpenAsync(HttpClient client) =>
        (await client.PostWireAsync<ConversationSummary>(Conversations, new { })).Id;

    private static async Task<IReadOnlyList<Exchange>> StoredAsync(HttpClient client, string conversation) =>
        (await client.GetWireAsync<Page<Exchange>>($"{Conversations}/{conversation}/messages")).Items;

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        return await client.SendAsync(request, Cancellation);
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
