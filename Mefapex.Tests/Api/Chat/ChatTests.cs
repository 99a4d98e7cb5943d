using System.Net;
using System.Text.Json.Nodes;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Chat;

public sealed class ChatTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Forgotten = "Şifremi unuttum";
    private const string ForgottenEntry = "sifre-sifirlama";

    [Theory]
    [InlineData("/chat")]
    [InlineData("/chat/public")]
    public async Task Anybody_may_ask_and_nothing_is_stored(string path)
    {
        var before = await CountAsync("exchanges");

        var answer = await api.Host.Anonymous.PostWireAsync<ChatAnswer>(path, new ChatRequest(Forgotten));

        answer.Decision.ShouldBe(Decision.Answer);
        answer.Sources[0].Id.ShouldBe(ForgottenEntry);
        answer.SessionId.ShouldBeNull();
        answer.MessageId.ShouldBeNull();
        (await CountAsync("exchanges")).ShouldBe(before);
    }

    [Theory]
    [InlineData("/chat")]
    [InlineData("/chat/public")]
    [InlineData("/chat/authenticated")]
    [InlineData("/api/chat/message")]
    public async Task Signed_in_a_question_is_stored_exactly_once(string path)
    {
        using var client = await api.Host.SignInAsync("editor");
        var before = await CountAsync("exchanges");

        var answer = await client.PostWireAsync<ChatAnswer>(path, new ChatRequest(Forgotten));

        (await CountAsync("exchanges")).ShouldBe(before + 1);
        var stored = await client.GetWireAsync<Page<Exchange>>($"/api/v1/conversations/{answer.SessionId}/messages");
        var exchange = stored.Items.ShouldHaveSingleItem();
        exchange.Id.ShouldBe(answer.MessageId);
        exchange.Question.ShouldBe(Forgotten);
        exchange.Answer.Response.ShouldBe(answer.Response);
        exchange.Answer.Sources.ShouldBe(answer.Sources);
    }

    [Fact]
    public async Task Answers_carry_every_field_of_the_contract()
    {
        using var client = await api.Host.SignInAsync("demo");

        var answer = await client.PostWireAsync<JsonObject>("/api/chat/message", new ChatRequest(Forgotten));

        answer.Select(field => field.Key).ShouldBe(
            [
                "response", "source", "session_id", "message_id", "decision", "sources", "confidence", "language",
                "degradation", "cached", "citations", "response_time_ms",
            ],
            ignoreOrder: true);
        answer["sources"]![0]!.AsObject().Select(field => field.Key)
            .ShouldBe(["id", "title", "kind", "score", "category", "owner", "valid_from"], ignoreOrder: true);
        answer["degradation"]!.GetValue<string>().ShouldBe(Degradation.Lexical);
    }

    [Fact]
    public async Task Why_is_stored_with_the_answer()
    {
        using var client = await api.Host.SignInAsync("demo");
        var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(Forgotten));

        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand("select why -> 'candidates' -> 0 ->> 'id' from exchanges where id = $1");
        command.Parameters.Add(new() { Value = Guid.Parse(answer.MessageId!) });
        (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(ForgottenEntry);
    }

    [Fact]
    public async Task A_session_id_continues_the_conversation()
    {
        using var client = await api.Host.SignInAsync("demo");
        var first = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Yemekhane ne zaman açık?"));
        var second = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(Forgotten, first.SessionId));

        second.SessionId.ShouldBe(first.SessionId);
        var stored = await client.GetWireAsync<Page<Exchange>>($"/api/v1/conversations/{first.SessionId}/messages");
        stored.Items.Select(e => e.Id).ShouldBe([first.MessageId!, second.MessageId!]);
    }

    [Fact]
    public async Task Somebody_elses_conversation_looks_like_none()
    {
        using var owner = await api.Host.SignInAsync("demo");
        using var colleague = await api.Host.SignInAsync("yonetici");
        using var stranger = await api.Host.SignInAsync("hasta");
        var theirs = await owner.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(Forgotten));

        foreach (var session in new[] { theirs.SessionId, Guid.NewGuid().ToString(), "42" })
        {
            foreach (var client in new[] { colleague, stranger })
            {
                using var response = await client.PostWireAsync("/chat/authenticated", new ChatRequest(Forgotten, session));
                await response.ShouldBeProblemAsync(404, "conversation-not-found");
            }
        }

        var stored = await owner.GetWireAsync<Page<Exchange>>($"/api/v1/conversations/{theirs.SessionId}/messages");
        stored.Items.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Tenants_answer_from_their_own_knowledge()
    {
        const string WashingHair = "Saçımı ne zaman yıkayabilirim?";
        using var worker = await api.Host.SignInAsync("demo");
        using var patient = await api.Host.SignInAsync("hasta");

        var clinics = await patient.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(WashingHair));
        clinics.Sources[0].Id.ShouldBe("sac-ekimi-yikama");
        var factorys = await worker.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(WashingHair));
        factorys.Sources.ShouldNotContain(s => s.Id == "sac-ekimi-yikama");
        var forgotten = await patient.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(Forgotten));
        forgotten.Sources.ShouldNotContain(s => s.Id == ForgottenEntry);
    }

    [Fact]
    public async Task The_header_chooses_a_tenant_for_visitors_and_nobody_else_is_given_another()
    {
        var visitor = await AskWithTenantAsync(api.Host.Anonymous, "klinik", "Saçımı ne zaman yıkayabilirim?");
        (await visitor.ReadWireAsync<ChatAnswer>()).Sources[0].Id.ShouldBe("sac-ekimi-yikama");

        using var worker = await api.Host.SignInAsync("demo");
        var other = await AskWithTenantAsync(worker, "klinik", Forgotten);
        (await other.ShouldBeProblemAsync(404, "tenant-not-found")).ShouldContain("\"klinik\"");
        var own = await AskWithTenantAsync(worker, "fabrika", Forgotten);
        (await own.ReadWireAsync<ChatAnswer>()).Sources[0].Id.ShouldBe(ForgottenEntry);

        var unknown = await AskWithTenantAsync(api.Host.Anonymous, "bakkal", Forgotten);
        (await unknown.ShouldBeProblemAsync(404, "tenant-not-found")).ShouldContain("\"bakkal\"");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\n ")]
    [InlineData("\0")]
    [InlineData(null)]
    public async Task An_empty_message_is_400_with_the_limits(string? message)
    {
        using var response = await api.Host.Anonymous.PostWireAsync("/chat", new ChatRequest(message));

        (await response.ShouldBeProblemAsync(400, "message-empty")).ShouldContain("1000");
    }

    [Fact]
    public async Task The_longest_message_has_1000_characters_as_people_count_them()
    {
        using var fits = await api.Host.Anonymous.PostWireAsync("/chat", new ChatRequest(string.Concat(Enumerable.Repeat("😀", 1000))));
        fits.StatusCode.ShouldBe(HttpStatusCode.OK);

        using var tooLong = await api.Host.Anonymous.PostWireAsync("/chat", new ChatRequest(new string('a', 1001)));
        var detail = await tooLong.ShouldBeProblemAsync(400, "message-too-long");
        detail.ShouldContain("1001");
        detail.ShouldContain("1000");
    }

    [Theory]
    [InlineData("""{"message":""", 400, "wrong-json")]
    [InlineData("""["Merhaba"]""", 400, "wrong-json")]
    [InlineData("""{"message":{"text":"Merhaba"}}""", 400, "wrong-json")]
    [InlineData("""{"message":"\ud800"}""", 400, "wrong-json")]
    [InlineData("", 400, "bad-request")]
    public async Task What_is_not_the_expected_json_is_400_without_inner_details(string body, int status, string slug)
    {
        using var content = new StringContent(body, null, "application/json");
        using var response = await api.Host.Anonymous.PostAsync("/chat", content, TestContext.Current.CancellationToken);

        (await response.ShouldBeProblemAsync(status, slug)).ShouldNotContain("Mefapex.");
    }

    [Fact]
    public async Task A_body_that_is_not_json_is_415()
    {
        using var content = new StringContent("Merhaba", null, "text/plain");
        using var response = await api.Host.Anonymous.PostAsync("/chat", content, TestContext.Current.CancellationToken);

        await response.ShouldBeProblemAsync(415, "unsupported-media-type");
    }

    [Theory]
    [InlineData("C# nedir?")]
    [InlineData("A && B")]
    [InlineData("VPN çalışmıyor -- acil")]
    [InlineData("history.txt")]
    [InlineData("Laptop. Açılmıyor")]
    [InlineData("SELECT nasıl yazılır?")]
    [InlineData("'; drop table users; --")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("../../etc/passwd")]
    [InlineData("%s %n {0} ${jndi:x}")]
    [InlineData("a\0b\u0001\u202E")]
    [InlineData("((( & | ! :* <-> \\")]
    public async Task Honest_questions_are_never_refused(string question)
    {
        using var client = await api.Host.SignInAsync("demo");

        var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(question));

        answer.Response.ShouldNotBeEmpty();
        var stored = await client.GetWireAsync<Page<Exchange>>($"/api/v1/conversations/{answer.SessionId}/messages");
        stored.Items.ShouldHaveSingleItem().Question.ShouldBe(question.Replace("\0", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/chat/authenticated")]
    [InlineData("/api/chat/message")]
    public async Task Paths_for_people_who_are_signed_in_are_401_for_others(string path)
    {
        using var response = await api.Host.Anonymous.PostWireAsync(path, new ChatRequest(Forgotten));

        await response.ShouldBeProblemAsync(401, "token-missing");
    }

    [Fact]
    public async Task Questions_asked_at_once_in_one_conversation_are_all_stored_once()
    {
        using var client = await api.Host.SignInAsync("demo");
        var conversation = await client.PostWireAsync<ConversationSummary>("/api/v1/conversations", new { });

        var options = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, 16), options, async (i, _) =>
        {
            using var response = await client.PostWireAsync(
                $"/api/v1/conversations/{conversation.Id}/messages", new ChatRequest($"Soru {i}: {Forgotten}"));
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        });

        var stored = await client.GetWireAsync<Page<Exchange>>($"/api/v1/conversations/{conversation.Id}/messages?limit=100");
        stored.Items.Select(e => e.Question).Distinct(StringComparer.Ordinal).Count().ShouldBe(16);
        stored.Items.Count.ShouldBe(16);
    }

    private static async Task<HttpResponseMessage> AskWithTenantAsync(HttpClient client, string tenant, string question)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/chat")
        {
            Headers = { { "X-Tenant", tenant } },
            Content = JsonContent(new ChatRequest(question)),
        };
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static System.Net.Http.Json.JsonContent JsonContent(ChatRequest request) =>
        System.Net.Http.Json.JsonContent.Create(request, options: WireJson.Options);

    private async Task<long> CountAsync(string table)
    {
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand($"select count(*) from {table}");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
