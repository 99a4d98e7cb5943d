using Mefapex.Api.Data;
using Mefapex.Api.Ai;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mefapex.Tests.Api.Knowledge.Search;

public sealed class PassageSearchTests(PostgresFixture postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Passages_are_found_by_words_and_by_meaning_with_their_place_and_figures()
    {
        await using var ai = AiHost.Start();
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), KnowledgeFixture.SettingsFor(ai)).ReadyAsync();
        var tenantId = (await KnowledgeFixture.TenantAsync(host, "fabrika")).Id;
        await KnowledgeFixture.WhenIndexedAsync(host);
        (await SearchAsync(host, tenantId, "Kompresörün yağı ne sıklıkla değişir?")).ShouldBeEmpty();
        var document = await DocumentRows.AddAsync(
            host, tenantId, "Kompresör bakım talimatı", [],
            "Vardiya başında basınç göstergesi okunur.",
            "Kompresörün yağı her 2000 çalışma saatinde değiştirilir.",
            "Arızada bakım ekibine haber verilir.");
        await KnowledgeFixture.WhenIndexedAsync(host);

        var passages = await SearchAsync(host, tenantId, "Kompresörün yağı ne sıklıkla değişir?");

        var first = passages[0];
        (first.DocumentId, first.Version, first.Position, first.Page, first.Heading, first.Offset, first.Language, first.Title, first.Owner)
            .ShouldBe((document, 1, 1, 1, "Genel", 1000, "tr", "Kompresör bakım talimatı", "Kalite"));
        first.Text.ShouldBe("Kompresörün yağı her 2000 çalışma saatinde değiştirilir.");
        first.Features.FullText.ShouldBe(1);
        first.Features.Keywords.ShouldBe(1);
        first.Features.Vector.ShouldBeInRange(0.3, 1);
        first.Features.Coverage.ShouldBeInRange(0.5, 1);
        first.Features.Telling.ShouldBeInRange(0.5, 1);
        passages.Select(p => p.Fused).ShouldBe(passages.Select(p => p.Fused).OrderDescending());
        passages.ShouldAllBe(p => p.Features.FullText <= 1 && p.Features.Keywords <= 1 && p.Features.Coverage <= 1);

        var lexical = await SearchAsync(host, tenantId, "kompresor yagi", vector: false);
        lexical[0].Position.ShouldBe(1);
        lexical[0].Features.Vector.ShouldBe(0);
    }

    [Fact]
    public async Task Only_readers_of_its_audience_find_a_document_by_words_or_by_meaning()
    {
        await using var ai = AiHost.Start();
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), KnowledgeFixture.SettingsFor(ai)).ReadyAsync();
        var (factory, clinic) = ((await KnowledgeFixture.TenantAsync(host, "fabrika")).Id, (await KnowledgeFixture.TenantAsync(host, "klinik")).Id);
        await DocumentRows.AddAsync(host, factory, "Gizli reçete", ["group:arge"], "Alaşımın bakır oranı yüzde yedidir.");
        await DocumentRows.AddAsync(host, factory, "Duyurular", [], "Bakırcılar gezisi cumartesi günüdür.");
        await KnowledgeFixture.WhenIndexedAsync(host);
        const string Question = "Alaşımın bakır oranı nedir?";

        (await SearchAsync(host, factory, Question)).Select(p => p.Title).ShouldBe(["Duyurular"]);
        (await SearchAsync(host, factory, Question, new Reader(["group:satis", "role:editor"]))).Select(p => p.Title).ShouldBe(["Duyurular"]);
        (await SearchAsync(host, factory, Question, new Reader(["group:arge"])))[0].Title.ShouldBe("Gizli reçete");
        (await SearchAsync(host, clinic, Question, new Reader(["group:arge"]))).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_replaced_version_is_no_longer_found()
    {
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres)).ReadyAsync();
        var tenantId = (await KnowledgeFixture.TenantAsync(host, "fabrika")).Id;
        var document = await DocumentRows.AddAsync(host, tenantId, "Talimat", [], "Kaynak maskesi mavi dolaptadır.");
        (await SearchAsync(host, tenantId, "Kaynak maskesi nerede?", vector: false)).Select(p => p.Version).ShouldBe([1]);

        await DocumentRows.ReplaceAsync(host, tenantId, document, version: 2, "Kaynak maskesi kırmızı dolaptadır.");

        (await SearchAsync(host, tenantId, "Kaynak maskesi nerede?", vector: false)).Select(p => p.Text).ShouldBe(["Kaynak maskesi kırmızı dolaptadır."]);
    }

    private static async Task<IReadOnlyList<Passage>> SearchAsync(
        ApiHost host, Guid tenantId, string question, Reader? reader = null, bool vector = true)
    {
        using var rows = DataScope.Of(tenantId);
        QuestionVector? values = null;
        if (vector)
        {
            await using var scope = host.Services.CreateAsyncScope();
            var response = await scope.ServiceProvider.GetRequiredService<AiClient>().EmbedAsync([question], Cancellation);
            values = new QuestionVector(response.ModelHash, response.Embeddings[0]);
        }

        var search = host.Services.GetRequiredService<KnowledgeSearch>();
        var found = await search.SearchAsync(tenantId, reader ?? Reader.Anonymous, question, "tr", values, Cancellation);
        return await search.PassagesAsync(found, reader ?? Reader.Anonymous, values, Cancellation);
    }
}
