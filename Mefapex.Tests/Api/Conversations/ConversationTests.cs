using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Mefapex.Api.Chat;
using Mefapex.Api.Conversations;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Conversations;

public sealed class ConversationTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Path = "/api/v1/conversations";

    [Fact]
    public async Task A_new_conversation_is_empty_and_takes_its_title_from_the_first_question()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var response = await client.PostWireAsync(Path, new { });
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        var created = await response.ReadWireAsync<ConversationSummary>();
        created.Title.ShouldBeEmpty();
        response.Headers.Location!.ToString().ShouldBe($"{Path}/{created.Id}/messages");

        await client.PostWireAsync<ChatAnswer>($"{Path}/{created.Id}/messages", new ChatRequest("Yemekhane\n  ne zaman açık?"));
        await client.PostWireAsync<ChatAnswer>($"{Path}/{created.Id}/messages", new ChatRequest("Servis saatleri"));

        var listed = (await client.GetWireAsync<Page<ConversationSummary>>(Path)).Items.Single(c => c.Id == created.Id);
        listed.Title.ShouldBe("Yemekhane ne zaman açık?");
        listed.MessageCount.ShouldBe(2);
        listed.UpdatedAt.ShouldBeGreaterThan(created.UpdatedAt);
    }

    [Fact]
    public void Long_titles_are_cut_between_characters() =>
        Conversation.TitleOf(string.Concat(Enumerable.Repeat("👩‍🏭", 200)))
            .ShouldBe(string.Concat(Enumerable.Repeat("👩‍🏭", 79)) + "…");

    [Fact]
    public async Task Pages_list_every_conversation_once_newest_first()
    {
        using var client = await api.Host.SignInAsync("yonetici");
        var created = new List<string>();
        for (var i = 0; i < 5; i++)
            created.Add((await client.PostWireAsync<ConversationSummary>(Path, new { })).Id);

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await client.GetWireAsync<Page<ConversationSummary>>(
                cursor is null ? $"{Path}?limit=2" : $"{Path}?limit=2&cursor={cursor}");
            page.Items.Count.ShouldBeLessThanOrEqualTo(2);
            seen.AddRange(page.Items.Select(c => c.Id));
            cursor = page.Next;
        }
        while (cursor is not null);

        created.Reverse();
        seen.ShouldBe(created);
    }

    [Fact]
    public async Task Pages_of_messages_run_oldest_first()
    {
        using var client = await api.Host.SignInAsync("editor");
        var id = (await client.PostWireAsync<ConversationSummary>(Path, new { })).Id;
        for (var i = 0; i < 3; i++)
            await client.PostWireAsync<ChatAnswer>($"{Path}/{id}/messages", new ChatRequest($"Soru {i}"));

        var first = await client.GetWireAsync<Page<Exchange>>($"{Path}/{id}/messages?limit=2");
        first.Items.Select(e => e.Question).ShouldBe(["Soru 0", "Soru 1"]);
        var second = await client.GetWireAsync<Page<Exchange>>($"{Path}/{id}/messages?limit=2&cursor={first.Next}");
        second.Items.Select(e => e.Question).ShouldBe(["Soru 2"]);
        second.Next.ShouldBeNull();
    }

    [Theory]
    [InlineData("limit=0", "limit-out-of-range")]
    [InlineData("limit=101", "limit-out-of-range")]
    [InlineData("limit=iki", "bad-request")]
    [InlineData("cursor=%00", "cursor-invalid")]
    [InlineData("cursor=bm90LWEtY3Vyc29y", "cursor-invalid")]
    [InlineData("cursor=OTk5OTk5OTk5OTk5OTk5OTk5OS4w", "cursor-invalid")]
    public async Task A_page_that_cannot_be_asked_for_is_400(string query, string slug)
    {
        using var client = await api.Host.SignInAsync("demo");
        using var response = await client.GetAsync(new Uri($"{Path}?{query}", UriKind.Relative), TestContext.Current.CancellationToken);

        await response.ShouldBeProblemAsync(400, slug);
    }

    [Fact]
    public async Task Conversations_of_others_can_be_neither_read_nor_asked_in_nor_deleted()
    {
        using var owner = await api.Host.SignInAsync("demo");
        var theirs = (await owner.PostWireAsync<ConversationSummary>(Path, new { })).Id;

        foreach (var username in new[] { "yonetici", "hasta", "operator" })
        {
            using var other = await api.Host.SignInAsync(username);
            foreach (var id in new[] { theirs, Guid.NewGuid().ToString() })
            {
                using var read = await other.GetAsync(new Uri($"{Path}/{id}/messages", UriKind.Relative), TestContext.Current.CancellationToken);
                await read.ShouldBeProblemAsync(404, "conversation-not-found");
                using var ask = await other.PostWireAsync($"{Path}/{id}/messages", new ChatRequest("Merhaba"));
                await ask.ShouldBeProblemAsync(404, "conversation-not-found");
                using var delete = await other.DeleteAsync(new Uri($"{Path}/{id}", UriKind.Relative), TestContext.Current.CancellationToken);
                await delete.ShouldBeProblemAsync(404, "conversation-not-found");
            }

            (await other.GetWireAsync<Page<ConversationSummary>>(Path)).Items.ShouldNotContain(c => c.Id == theirs);
        }

        (await owner.GetWireAsync<Page<Exchange>>($"{Path}/{theirs}/messages")).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_deleted_conversation_is_gone_with_its_messages()
    {
        using var client = await api.Host.SignInAsync("demo");
        var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Servis saatleri"));

        using var deleted = await client.DeleteAsync(new Uri($"{Path}/{answer.SessionId}", UriKind.Relative), TestContext.Current.CancellationToken);
        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);

        using var again = await client.DeleteAsync(new Uri($"{Path}/{answer.SessionId}", UriKind.Relative), TestContext.Current.CancellationToken);
        await again.ShouldBeProblemAsync(404, "conversation-not-found");
        var history = await client.GetWireAsync<ChatHistory>("/api/chat/history");
        history.Messages.ShouldNotContain(m => m.MessageId == answer.MessageId);
    }

    [Fact]
    public async Task History_shows_the_callers_exchanges_and_can_be_cleared()
    {
        using var client = await api.Host.SignInAsync("hasta");
        var first = await client.PostWireAsync<ChatAnswer>("/api/chat/message", new ChatRequest("Saç ekimi kaç saat sürer?"));
        var second = await client.PostWireAsync<ChatAnswer>("/api/chat/message", new ChatRequest("Teşekkürler", first.SessionId));

        var history = await client.GetWireAsync<ChatHistory>("/api/chat/history");
        history.SessionId.ShouldBe(first.SessionId);
        history.TotalCount.ShouldBe(2);
        history.Messages.Select(m => m.BotResponse).ShouldBe([first.Response, second.Response]);
        history.Messages[0].UserMessage.ShouldBe("Saç ekimi kaç saat sürer?");

        using var cleared = await client.DeleteAsync(new Uri("/api/chat/history", UriKind.Relative), TestContext.Current.CancellationToken);
        (await cleared.ReadWireAsync<Message>()).Text.ShouldNotBeEmpty();
        (await client.GetWireAsync<ChatHistory>("/api/chat/history")).TotalCount.ShouldBe(0);
    }

    [Fact]
    public async Task A_stream_opens_with_meta_and_its_pieces_joined_are_the_answer()
    {
        using var client = await api.Host.SignInAsync("demo");
        var id = (await client.PostWireAsync<ConversationSummary>(Path, new { })).Id;

        using var response = await StreamAsync(client, id, "Şifremi unuttum");
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var events = await EventsAsync(response);

        events[0].EventType.ShouldBe(ChatEvents.Meta);
        events[^1].EventType.ShouldBe(ChatEvents.Done);
        var meta = Read<ChatMeta>(events[0].Data);
        var answer = Read<ChatAnswer>(events[^1].Data);
        events[1].EventType.ShouldBe(ChatEvents.Meta);
        var decided = Read<ChatMeta>(events[1].Data);
        var pieces = events[2..^1];
        pieces.ShouldAllBe(e => e.EventType == ChatEvents.Delta);
        pieces.Count.ShouldBeGreaterThan(5);
        string.Concat(pieces.Select(e => Read<ChatDelta>(e.Data).Text)).ShouldBe(answer.Response);
        meta.SessionId.ShouldBe(id);
        meta.MessageId.ShouldBe(answer.MessageId);
        meta.Decision.ShouldBeNull();
        decided.ShouldBe(meta with { Decision = answer.Decision, Language = answer.Language, Degradation = answer.Degradation });

        var stored = await client.GetWireAsync<Page<Exchange>>($"{Path}/{id}/messages");
        stored.Items.ShouldHaveSingleItem().Answer.Response.ShouldBe(answer.Response);
    }

    [Fact]
    public async Task A_question_that_is_refused_is_a_plain_problem_even_for_a_stream()
    {
        using var client = await api.Host.SignInAsync("demo");
        var id = (await client.PostWireAsync<ConversationSummary>(Path, new { })).Id;

        using var response = await StreamAsync(client, id, "");

        await response.ShouldBeProblemAsync(400, "message-empty");
    }

    [Theory]
    [InlineData("")]
    [InlineData("tek")]
    [InlineData("  önde boşluk, arkada boşluk ve satır\n\n- bir\n- iki  \n")]
    [InlineData("bir iki üç dört beş altı yedi sekiz dokuz on on bir on iki")]
    public void Pieces_joined_are_the_text(string text) => string.Concat(AnswerPieces.Of(text)).ShouldBe(text);

    private static async Task<HttpResponseMessage> StreamAsync(HttpClient client, string conversation, string question)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Path}/{conversation}/messages")
        {
            Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } },
            Content = JsonContent.Create(new ChatRequest(question), options: WireJson.Options),
        };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private static async Task<List<SseItem<string>>> EventsAsync(HttpResponseMessage response)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var events = new List<SseItem<string>>();
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(TestContext.Current.CancellationToken))
            events.Add(item);
        return events;
    }

    private static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, WireJson.Options)!;
}
