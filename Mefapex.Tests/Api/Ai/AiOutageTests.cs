using System.Globalization;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Ai;

public sealed class AiOutageTests(PostgresFixture postgres)
{
    private static readonly ChatRequest Forgotten = new("Şifremi unuttum");

    [Theory]
    [InlineData(false, Degradation.Lexical)]
    [InlineData(true, Degradation.NoGenerator)]
    public async Task Answers_go_on_while_the_ai_service_is_away_with_vectors_of_this_process_where_it_may_make_them(
        bool inProcess,
        string degradation)
    {
        var port = PostgresFixture.FreePort();
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [$"services:{ResourceNames.Ai}:http:0"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"),
            ["Ai:InProcess"] = inProcess.ToString(),
            ["AnswerCache:MaxAnswers"] = "0",
        };
        await using var api = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), settings).ReadyAsync();
        await ShouldAnswerAsync(api, Degradation.Lexical);

        await using (AiHost.Start(port))
            await ShouldAnswerAsync(api, Degradation.NoGenerator);
        await ShouldAnswerAsync(api, degradation);

        await using (AiHost.Start(port))
            await ShouldAnswerAsync(api, Degradation.NoGenerator);
    }

    [Fact]
    public async Task A_switched_off_ai_service_is_not_asked()
    {
        await using var ai = AiHost.Start();
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Ai:Enabled"] = "false",
            [$"services:{ResourceNames.Ai}:http:0"] = ai.Address.ToString(),
        };
        await using var api = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), settings).ReadyAsync();

        for (var i = 0; i < 3; i++)
            (await AskAsync(api)).Degradation.ShouldBe(Degradation.Lexical);
    }

    /// <summary>Every answer on the way is right; the level is reached by itself.</summary>
    private static async Task ShouldAnswerAsync(ApiHost api, string degradation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        while ((await AskAsync(api)).Degradation != degradation)
            await Task.Delay(TimeSpan.FromMilliseconds(100), deadline.Token);
    }

    private static async Task<ChatAnswer> AskAsync(ApiHost api)
    {
        var answer = await api.Anonymous.PostWireAsync<ChatAnswer>("/chat", Forgotten);
        answer.Decision.ShouldBe(Decision.Answer);
        answer.Sources[0].Id.ShouldBe("sifre-sifirlama");
        return answer;
    }
}
