using Mefapex.Api.Ai;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Knowledge.Index;

public sealed class KnowledgeIndexerTests(PostgresFixture postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_text_gets_one_vector_and_a_restart_embeds_nothing_again()
    {
        var database = await ApiFactory.CreateDatabaseAsync(postgres);
        await using var ai = AiHost.Start();
        Dictionary<(string, string), float[]> first;
        await using (var host = await IndexedAsync(database, ai))
        {
            first = await StoredAsync(host);
            var wanted = await TextsAsync(host);
            first.Count.ShouldBe(wanted);
            first.Values.ShouldAllBe(v => Math.Abs(v.Sum(x => (double)x * x) - 1) < 1e-3);
        }

        await using (var host = await IndexedAsync(database, ai))
        {
            var again = await StoredAsync(host);
            again.Keys.ShouldBe(first.Keys, ignoreOrder: true);
            again.ShouldAllBe(v => v.Value.SequenceEqual(first[v.Key]));
        }
    }

    [Fact]
    public async Task A_changed_entry_is_embedded_anew_and_its_old_vectors_go()
    {
        await using var ai = AiHost.Start();
        await using var host = await IndexedAsync(await ApiFactory.CreateDatabaseAsync(postgres), ai);
        var before = await StoredAsync(host);

        await using (var scope = host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            var tenantId = (await KnowledgeFixture.TenantAsync(host, "fabrika")).Id;
            await db.Set<KnowledgeQuestion>()
                .Where(q => q.TenantId == tenantId && q.EntryId == "otopark" && q.Language == "tr" && q.Position == 0)
                .ExecuteUpdateAsync(q => q.SetProperty(x => x.Text, "Kaykayımı nereye bırakayım?"), Cancellation);
            await KnowledgeWriter.BumpVersionAsync(db, tenantId, TimeProvider.System.GetUtcNow(), Cancellation);
        }

        host.Services.GetRequiredService<IndexSignal>().Set();
        await KnowledgeFixture.WhenIndexedAsync(host);
        await Eventually(async () =>
        {
            var after = await StoredAsync(host);
            return after.Count == before.Count && after.Keys.Except(before.Keys).Count() == 1;
        });
    }

    [Fact]
    public async Task Chunks_of_the_current_version_are_found_by_their_meaning_and_those_of_others_are_not()
    {
        await using var ai = AiHost.Start();
        await using var host = await IndexedAsync(await ApiFactory.CreateDatabaseAsync(postgres), ai);
        var tenantId = (await KnowledgeFixture.TenantAsync(host, "fabrika")).Id;
        var document = await DocumentRows.AddAsync(host, tenantId, "Servis güzergâhları", [], "Servisler sabah yedide kalkar.", "Yemekhane on ikide açılır.");
        await KnowledgeFixture.WhenIndexedAsync(host);

        var hits = await ChunksAsync(host, tenantId, "Servisler sabah kaçta kalkıyor?");
        hits.Select(h => h.Key).ShouldBe([DocumentRows.Key(document, version: 1, 0), DocumentRows.Key(document, version: 1, 1)]);

        await DocumentRows.ReplaceAsync(host, tenantId, document, version: 2, "Servisler akşam altıda kalkar.");
        await KnowledgeFixture.WhenIndexedAsync(host);
        (await ChunksAsync(host, tenantId, "Servisler sabah kaçta kalkıyor?")).Select(h => h.Key)
            .ShouldBe([DocumentRows.Key(document, version: 2, 0)]);
        await Eventually(async () => await StoredChunksAsync(host) == 1);

        await DocumentRows.RemoveAsync(host, tenantId, document);
        await KnowledgeFixture.WhenIndexedAsync(host);
        (await ChunksAsync(host, tenantId, "Servisler sabah kaçta kalkıyor?")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_what_changed_is_read_again_and_what_is_withdrawn_vanishes()
    {
        await using var ai = AiHost.Start();
        await using var host = await IndexedAsync(await ApiFactory.CreateDatabaseAsync(postgres), ai);
        var tenantId = (await KnowledgeFixture.TenantAsync(host, "klinik")).Id;
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            // Were the vectors of the other entries read again, they would be missing now and come back.
            await db.KnowledgeVectors.Where(v => v.TenantId == tenantId && v.EntryId != "tercuman").ExecuteDeleteAsync(Cancellation);
            await db.KnowledgeEntries.Where(e => e.TenantId == tenantId && e.Id == "tercuman")
                .ExecuteUpdateAsync(e => e.SetProperty(x => x.PublishedVersion, (int?)null), Cancellation);
            await KnowledgeWriter.BumpVersionAsync(db, tenantId, TimeProvider.System.GetUtcNow(), Cancellation);
        }

        await KnowledgeFixture.WhenIndexedAsync(host);

        var hits = await NearestAsync(host, tenantId, VectorSource.Entries, "Tercüman var mı?");
        hits.ShouldNotContain(h => h.Key.Owner.Id == "tercuman");
        hits.Count.ShouldBe(10);
        await Eventually(async () => (await StoredAsync(host, tenantId)).Count == 0);
    }

    [Fact]
    public async Task An_audience_that_changes_is_followed_without_embedding_again()
    {
        await using var ai = AiHost.Start();
        await using var host = await IndexedAsync(await ApiFactory.CreateDatabaseAsync(postgres), ai);
        var tenantId = (await KnowledgeFixture.TenantAsync(host, "klinik")).Id;
        (await NearestAsync(host, tenantId, VectorSource.Entries, "Tercüman var mı?"))[0].Key.Owner.Id.ShouldBe("tercuman");
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            string[] audience = ["group:tercumanlar"];
            await db.KnowledgeEntries.Where(e => e.TenantId == tenantId && e.Id == "tercuman")
                .ExecuteUpdateAsync(e => e.SetProperty(x => x.Audience, audience), Cancellation);
            await KnowledgeWriter.BumpVersionAsync(db, tenantId, TimeProvider.System.GetUtcNow(), Cancellation);
        }

        await KnowledgeFixture.WhenIndexedAsync(host);

        (await NearestAsync(host, tenantId, VectorSource.Entries, "Tercüman var mı?")).ShouldNotContain(h => h.Key.Owner.Id == "tercuman");
        (await NearestAsync(host, tenantId, VectorSource.Entries, "Tercüman var mı?", new Reader(["group:tercumanlar"])))[0].Key.Owner.Id.ShouldBe("tercuman");
    }

    [Fact]
    public async Task While_the_AI_service_is_away_there_are_no_vectors_and_when_it_comes_there_are()
    {
        var port = PostgresFixture.FreePort();
        await using var host = await ApiHost.Start(
            await ApiFactory.CreateDatabaseAsync(postgres),
            new Dictionary<string, string?>
            {
                ["services:ai:http:0"] = $"http://127.0.0.1:{port}",
                ["Ai:ProbeInterval"] = "00:00:00.100",
            }).ReadyAsync();
        (await KnowledgeFixture.AskAsync(host, "fabrika", "Şifremi unuttum")).Degradation.ShouldBe(Degradation.Lexical);
        (await StoredAsync(host)).ShouldBeEmpty();

        await using var ai = AiHost.Start(port);
        await KnowledgeFixture.WhenIndexedAsync(host);

        (await KnowledgeFixture.AskAsync(host, "fabrika", "Şifremi unuttum")).Degradation.ShouldBe(Degradation.NoGenerator);
    }

    private static async Task<ApiHost> IndexedAsync(string database, AiHost ai)
    {
        var host = await ApiHost.Start(database, KnowledgeFixture.SettingsFor(ai)).ReadyAsync();
        await KnowledgeFixture.WhenIndexedAsync(host);
        return host;
    }

    private static Task<IReadOnlyList<VectorHit>> ChunksAsync(ApiHost host, Guid tenantId, string question) =>
        NearestAsync(host, tenantId, VectorSource.Chunks, question);

    private static async Task<IReadOnlyList<VectorHit>> NearestAsync(
        ApiHost host, Guid tenantId, VectorSource source, string question, Reader? reader = null)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var response = await scope.ServiceProvider.GetRequiredService<AiClient>().EmbedAsync([question], Cancellation);
        return await host.Services.GetRequiredService<IVectorIndex>().SearchAsync(
            tenantId,
            new VectorQuery(source, reader ?? Reader.Anonymous, response.ModelHash, response.Embeddings[0], 10),
            Cancellation);
    }

    private static async Task<int> StoredChunksAsync(ApiHost host)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.WholeDatabase().ChunkVectors.CountAsync(Cancellation);
    }

    private static async Task<Dictionary<(string EntryId, string TextHash), float[]>> StoredAsync(ApiHost host, Guid? tenantId = null)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.WholeDatabase().KnowledgeVectors.AsNoTracking()
            .Where(v => tenantId == null || v.TenantId == tenantId)
            .ToDictionaryAsync(v => (v.EntryId, v.TextHash), v => v.Values, Cancellation);
    }

    private static async Task<int> TextsAsync(ApiHost host)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var entries = await scope.ServiceProvider.WholeDatabase().KnowledgeEntries.AsNoTracking()
            .Include(e => e.Texts)
            .Include(e => e.Questions)
            .AsSplitQuery()
            .ToListAsync(Cancellation);
        return entries.Sum(e => e.Texts.SelectMany(t => (string[])[t.Title, t.Answer])
            .Concat(e.Questions.Select(q => q.Text)).Distinct(StringComparer.Ordinal).Count());
    }

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
    }
}
