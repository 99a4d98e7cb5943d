using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Conversations;

public sealed class SessionTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_server_has_is_not_stored_twice()
    {
        using var client = await api.Host.SignInAsync("demo");
        var answer = await client.PostWireAsync<ChatAnswer>("/api/chat/message", new ChatRequest("Şifremi unuttum"));
        SavedMessage[] messages =
        [
            new(" Şifremi unuttum ", answer.Response, answer.Source),
            new("Eski soru", "Eski yanıt", "cache"),
            new("Eski soru", "Eski yanıt"),
        ];

        var saved = await SaveAsync(client, answer.SessionId!, messages);
        saved.ShouldBe(new SessionSaved(true, answer.SessionId!, 2));
        (await SaveAsync(client, answer.SessionId!, messages)).MessagesSaved.ShouldBe(0);

        var read = await client.GetWireAsync<SessionMessages>($"/chat/sessions/{answer.SessionId}/messages");
        read.SessionId.ShouldBe(answer.SessionId);
        read.Messages.Select(m => (m.Type, m.Content)).ShouldBe(
        [
            ("user", "Şifremi unuttum"), ("assistant", answer.Response), ("user", "Eski soru"), ("assistant", "Eski yanıt"),
            ("user", "Eski soru"), ("assistant", "Eski yanıt"),
        ]);
        read.Messages.Select(m => m.Source).ShouldBe([null, answer.Source, null, "cache", null, "none"]);
    }

    [Fact]
    public async Task A_session_that_the_client_named_is_one_conversation_also_when_it_is_saved_at_once()
    {
        using var client = await api.Host.SignInAsync("editor");
        using var other = await api.Host.SignInAsync("yonetici");
        SavedMessage[] messages = [.. Enumerable.Range(0, 5).Select(i => new SavedMessage($"Soru {i}", $"Yanıt {i}"))];

        var saved = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => SaveAsync(client, "session_1700000000", messages)));

        saved.Sum(s => s.MessagesSaved).ShouldBe(5);
        var id = saved.Select(s => s.SessionId).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
        var byName = await client.GetWireAsync<SessionMessages>("/chat/sessions/session_1700000000/messages");
        byName.SessionId.ShouldBe(id);
        byName.Messages.Count.ShouldBe(10);

        // The same name of somebody else is another session.
        (await SaveAsync(other, "session_1700000000", messages)).SessionId.ShouldNotBe(id);
    }

    [Fact]
    public async Task A_persons_sessions_are_listed_newest_first()
    {
        using var client = await api.Host.SignInAsync("hasta");
        var me = await client.GetWireAsync<UserInfo>("/me");
        var first = await client.PostWireAsync<ChatAnswer>("/api/chat/message", new ChatRequest("Saç ekimi kaç saat sürer?"));
        var second = await client.PostWireAsync<ChatAnswer>("/api/chat/message", new ChatRequest("Merhaba"));
        await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Teşekkürler", first.SessionId));

        var list = await client.GetWireAsync<SessionList>($"/chat/sessions/{me.UserId}");

        list.Sessions.Select(s => s.SessionId).ShouldBe([first.SessionId!, second.SessionId!]);
        list.Sessions[0].MessageCount.ShouldBe(2);
        list.Sessions[0].Preview.ShouldBe("Teşekkürler");
        list.Sessions[0].Title.ShouldBe("Saç ekimi kaç saat sürer?");
    }

    [Fact]
    public async Task Sessions_of_another_are_404()
    {
        using var owner = await api.Host.SignInAsync("demo");
        using var other = await api.Host.SignInAsync("yonetici");
        var answer = await owner.PostWireAsync<ChatAnswer>("/api/chat/message", new ChatRequest("Gizli soru"));
        var ownerId = (await owner.GetWireAsync<UserInfo>("/me")).UserId;

        foreach (var path in new[] { ownerId, "demo", Guid.NewGuid().ToString() })
        {
            using var list = await other.GetAsync(new Uri($"/chat/sessions/{path}", UriKind.Relative), Cancellation);
            await list.ShouldBeProblemAsync(404, "person-not-found");
        }

        foreach (var session in new[] { answer.SessionId!, "yok" })
        {
            using var read = await other.GetAsync(new Uri($"/chat/sessions/{session}/messages", UriKind.Relative), Cancellation);
            await read.ShouldBeProblemAsync(404, "conversation-not-found");
        }

        using var save = await other.PostWireAsync(
            "/chat/sessions/save", new SaveSession(answer.SessionId, [new SavedMessage("Araya giren", "yanıt")]));
        await save.ShouldBeProblemAsync(404, "conversation-not-found");
        (await owner.GetWireAsync<SessionMessages>($"/chat/sessions/{answer.SessionId}/messages")).Messages.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("""{"messages":[]}""", "session-missing")]
    [InlineData("""{"sessionId":"a"}""", "session-missing")]
    [InlineData("""{"sessionId":"a","messages":[null]}""", "session-messages")]
    [InlineData("""{"sessionId":"a","messages":[{"user_message":"soru"}]}""", "session-messages")]
    [InlineData("""{"sessionId":"a","messages":[{"user_message":" \u0000 ","bot_response":"yanıt"}]}""", "session-messages")]
    public async Task A_session_that_is_not_whole_is_400(string body, string slug)
    {
        using var client = await api.Host.SignInAsync("demo");
        using var content = new StringContent(body, null, "application/json");
        using var response = await client.PostAsync(new Uri("/chat/sessions/save", UriKind.Relative), content, Cancellation);

        await response.ShouldBeProblemAsync(400, slug);
    }

    private static Task<SessionSaved> SaveAsync(HttpClient client, string session, IReadOnlyList<SavedMessage> messages) =>
        client.PostWireAsync<SessionSaved>("/chat/sessions/save", new SaveSession(session, messages));
}
