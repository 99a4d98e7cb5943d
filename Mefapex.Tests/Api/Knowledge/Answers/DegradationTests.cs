using Mefapex.Api.Ai;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Contracts.Chat;
using Mefapex.Inference.Embedding;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class DegradationTests(PostgresFixture postgres)
{
    private const string Forgotten = "Şifremi unuttum";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_question_asked_again_comes_from_the_cache_without_an_embedding_or_a_search_until_the_knowledge_changes()
    {
        await using var system = await IndexedSystem.StartAsync(postgres);
        var first = await KnowledgeFixture.AskAsync(system.Api, "fabrika", Forgotten);
        var again = await KnowledgeFixture.AskAsync(system.Api, "fabrika", "ŞİFREMİ UNUTTUM ");

        first.Cached.ShouldBeFalse();
        again.Cached.ShouldBeTrue();
        again.Response.ShouldBe(first.Response);
        again.Why.Cached.ShouldBeTrue();
        again.Why.Timings.Keys.ShouldBe(["language", "knowledge", "cache"], ignoreOrder: true);

        var tenantId = (await KnowledgeFixture.TenantAsync(system.Api, "fabrika")).Id;
        await using (var scope = system.Api.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
                await db.Set<KnowledgeText>().Where(t => t.TenantId == tenantId && t.EntryId == "sifre-sifirlama" && t.Language == "tr")
                    .ExecuteUpdateAsync(t => t.SetProperty(x => x.Answer, "Yeni metin."), Cancellation);
                await db.Database.ExecuteSqlAsync($"update knowledge_bases set version = version + 1 where tenant_id = {tenantId}", Cancellation);
                await transaction.CommitAsync(Cancellation);
            });
        }

        var changed = await KnowledgeFixture.AskAsync(system.Api, "fabrika", Forgotten);
        changed.Cached.ShouldBeFalse();
        changed.Response.ShouldBe("Yeni metin.");
    }

    [Fact]
    public async Task Without_the_ai_service_this_process_embeds_and_decides_the_same()
    {
        await using var system = await IndexedSystem.StartAsync(postgres);
        string[] questions = ["Şifremi unuttum", "yillik izin kac gun", "Servis kaçta?", "Bugün dolar kaç lira?", "cumartesi calisiliyor mu"];
        var before = new List<AnswerResult>();
        foreach (var question in questions)
            before.Add(await ReplayAsync(system.Api, question));

        system.Api.Services.GetRequiredService<AiAvailability>().Down("a test");
        await system.Ai.DisposeAsync();

        for (var i = 0; i < questions.Length; i++)
        {
            var answer = await ReplayAsync(system.Api, questions[i]);
            answer.Why.VectorsBy.ShouldBe(EncodedQuestion.InProcess);
            answer.Degradation.ShouldBe(Degradation.NoGenerator);
            answer.Decision.ShouldBe(before[i].Decision);
            answer.Response.ShouldBe(before[i].Response);
            answer.Confidence.ShouldBe(before[i].Confidence, 1e-3);
        }
    }

    [Fact]
    public void An_encoder_of_another_hash_makes_no_vectors_in_this_process()
    {
        using var encoder = new LocalEncoder(Options.Create(new AiOptions()), NullLogger<LocalEncoder>.Instance);
        using var bundled = SubwordEncoder.LoadBundled();

        encoder.Encode(["izin"], new string('0', 64), Cancellation).ShouldBeNull();
        encoder.Encode(["izin"], bundled.Manifest.Sha256, Cancellation).ShouldNotBeNull()[0].ShouldBe(bundled.Encode("izin", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task While_PostgreSQL_does_not_search_in_time_approved_answers_are_found_by_their_words_and_it_is_told()
    {
        await using var system = await IndexedSystem.StartAsync(postgres);
        (await KnowledgeFixture.AskAsync(system.Api, "fabrika", "Servis kaçta?")).Degradation.ShouldBe(Degradation.NoGenerator);
        await using (await LockAsync(system.Database, "knowledge_texts"))
        {
            var known = await KnowledgeFixture.AskAsync(system.Api, "fabrika", Forgotten);
            known.Decision.ShouldBe(Decision.Answer);
            known.Sources[0].Id.ShouldBe("sifre-sifirlama");
            known.Response.ShouldStartWith(SampleKnowledge.Answer("fabrika", "sifre-sifirlama"));
            known.Response.ShouldContain("Arama şu anda çalışmıyor");
            known.Degradation.ShouldBe(Degradation.ApprovedOnly);

            var unknown = await KnowledgeFixture.AskAsync(system.Api, "fabrika", "What is the capital of Australia?");
            unknown.Decision.ShouldBe(Decision.Decline);
            unknown.Response.ShouldContain("1240");
            unknown.Response.ShouldContain("out of order");
        }

        var after = await KnowledgeFixture.AskAsync(system.Api, "fabrika", Forgotten);
        after.Degradation.ShouldBe(Degradation.NoGenerator);
        after.Cached.ShouldBeFalse();
    }

    [Fact]
    public async Task Where_nothing_is_at_hand_either_the_person_is_asked_to_try_again()
    {
        var database = await ApiFactory.CreateDatabaseAsync(postgres);
        await using var api = await ApiHost.Start(database, new Dictionary<string, string?> { ["Answers:LoadTimeout"] = "00:00:00.300", ["Answers:SearchTimeout"] = "00:00:00.300" }).ReadyAsync();
        var tenant = await KnowledgeFixture.TenantAsync(api, "klinik");
        await using (await LockAsync(database, "knowledge_bases"))
        {
            await using var scope = api.Services.CreateAsyncScope();
            using var rows = DataScope.Of(tenant.Id);
            var answer = await scope.ServiceProvider.GetRequiredService<AnswerService>()
                .AnswerAsync(tenant, Reader.Anonymous, Forgotten, context: null, Cancellation);
            answer.Degradation.ShouldBe(Degradation.TryLater);
            answer.Decision.ShouldBe(Decision.Decline);
            answer.Response.ShouldContain("yeniden deneyin");
        }
    }

    private static async Task<AnswerResult> ReplayAsync(ApiHost api, string question)
    {
        await using var scope = api.Services.CreateAsyncScope();
        var tenant = await KnowledgeFixture.TenantAsync(api, "fabrika");
        using var rows = DataScope.Of(tenant.Id);
        return await scope.ServiceProvider.GetRequiredService<AnswerService>()
            .ReplayAsync(tenant, Reader.Anonymous, question, context: null, Cancellation);
    }

    /// <summary>Holds every reader of the table up until it is disposed.</summary>
    private static async Task<IAsyncDisposable> LockAsync(string database, string table)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand($"begin; lock table {table} in access exclusive mode", connection);
        await command.ExecuteNonQueryAsync(Cancellation);
        return connection;
    }

    /// <summary>The API and an AI service whose vectors of the samples are indexed, both to be broken by one test.</summary>
    private sealed record IndexedSystem(ApiHost Api, AiHost Ai, string Database) : IAsyncDisposable
    {
        public static async Task<IndexedSystem> StartAsync(PostgresFixture postgres)
        {
            var database = await ApiFactory.CreateDatabaseAsync(postgres);
            var ai = AiHost.Start();
            var api = await ApiHost.Start(database, new Dictionary<string, string?>(KnowledgeFixture.SettingsFor(ai), StringComparer.Ordinal)
            {
                ["Answers:SearchTimeout"] = "00:00:03",
            }).ReadyAsync();
            await KnowledgeFixture.WhenIndexedAsync(api);
            return new IndexedSystem(api, ai, database);
        }

        public async ValueTask DisposeAsync()
        {
            await Api.DisposeAsync();
            await Ai.DisposeAsync();
        }
    }
}
