using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Api.Knowledge.Answers;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Ai;

public sealed class FailingModelTests(PostgresFixture postgres)
{
    [Fact]
    public async Task A_model_that_fails_leaves_no_vector_behind_and_the_answer_says_that_it_had_none()
    {
        await using var ai = await ScriptedAi.StartAsync();
        ai.EncoderFails = true;
        var database = await ApiFactory.CreateDatabaseAsync(postgres);
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [$"services:{ResourceNames.Ai}:http:0"] = ai.Address.ToString(),
        };
        await using var api = await ApiHost.Start(database, settings).ReadyAsync();
        await Eventually.UntilAsync(() => ai.Failed > 0, "the model has failed");

        var answer = await api.Anonymous.PostWireAsync<ChatAnswer>("/chat", new ChatRequest("Şifremi unuttum"));

        answer.Degradation.ShouldBe(Degradation.Lexical);
        answer.Decision.ShouldBe(Decision.Answer);
        answer.Sources[0].Id.ShouldBe("sifre-sifirlama");
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("select count(*) from knowledge_vectors");
        (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(0L);
    }
}
