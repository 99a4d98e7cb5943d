using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Knowledge.Search;

public sealed class KnowledgeSearchTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_question_finds_an_entry_of_another_tenant()
    {
        foreach (var (tenant, other) in ((string, string)[])[("fabrika", "klinik"), ("klinik", "fabrika")])
        {
            var own = SampleKnowledge.Ids(tenant).ToHashSet(StringComparer.Ordinal);
            foreach (var question in LabelledQuestion.Fit.Where(q => q.Tenant == other).Take(40))
            {
                var found = await SearchAsync(tenant, question.Text);
                found.Candidates.ShouldAllBe(c => own.Contains(c.Entry.Id));
            }
        }
    }

    [Theory]
    [InlineData("siffre unutum")]
    [InlineData("şifrem unutmuşum galiba")]
    [InlineData("SIFREMI UNUTTUM")]
    [InlineData("parolamı hatırlamıyorum")]
    public async Task Typing_slips_missing_diacritics_and_synonyms_still_find_the_entry(string question) =>
        (await SearchAsync("fabrika", question)).Candidates.Take(5).ShouldContain(c => c.Entry.Id == "sifre-sifirlama");

    [Fact]
    public async Task Each_candidate_keeps_its_stage_scores()
    {
        var best = (await SearchAsync("fabrika", "Şifremi unuttum, nasıl sıfırlarım?")).Candidates
            .Single(c => c.Entry.Id == "sifre-sifirlama").Features;

        best.Phrase.ShouldBe(1, 1e-6);
        best.Trigram.ShouldBe(1, 1e-6);
        best.Grams.ShouldBe(1, 1e-6);
        best.FullText.ShouldBe(1);
        best.Keywords.ShouldBe(1);
        best.Topic.ShouldBe(1, 1e-6);
        best.Vector.ShouldBe(0);
    }

    [Fact]
    public async Task An_entry_that_is_changed_withdrawn_or_not_yet_valid_is_found_accordingly()
    {
        const string Question = "Kaplumbağa terbiyecisi nerede asılı?";
        (await SearchAsync("klinik", Question)).Candidates.ShouldNotContain(c => c.Entry.Id == "tablo");
        await ChangeAsync(async (db, tenantId) =>
        {
            var entry = new KnowledgeEntry
            {
                TenantId = tenantId,
                Id = "tablo",
                Category = "Genel",
                Owner = "İdari İşler",
                ValidFrom = new DateOnly(2026, 1, 1),
                Tags = ["tablo"],
                Status = EntryStatus.Published,
                Version = 1,
                PublishedVersion = 1,
                UpdatedAt = TimeProvider.System.GetUtcNow(),
            };
            KnowledgeWriter.Replace(entry, [new EntryContent("tr", "Kaplumbağa terbiyecisi tablosu", [Question], "Girişte asılıdır.")]);
            db.KnowledgeEntries.Add(entry);
            await db.SaveChangesAsync(Cancellation);
            await KnowledgeWriter.RefreshSearchAsync(db, tenantId, [entry], Cancellation);
        });
        (await SearchAsync("klinik", Question)).Candidates[0].Entry.Id.ShouldBe("tablo");
        (await SearchAsync("fabrika", Question)).Candidates.ShouldNotContain(c => c.Entry.Id == "tablo");

        await ChangeAsync((db, tenantId) => db.KnowledgeEntries.Where(e => e.TenantId == tenantId && e.Id == "tablo")
            .ExecuteUpdateAsync(e => e.SetProperty(x => x.ValidFrom, new DateOnly(2999, 1, 1)), Cancellation));
        (await SearchAsync("klinik", Question)).Candidates.ShouldNotContain(c => c.Entry.Id == "tablo");

        await ChangeAsync((db, tenantId) => db.KnowledgeEntries.Where(e => e.TenantId == tenantId && e.Id == "tablo")
            .ExecuteUpdateAsync(e => e.SetProperty(x => x.ValidFrom, new DateOnly(2026, 1, 1)).SetProperty(x => x.PublishedVersion, (int?)null), Cancellation));
        (await SearchAsync("klinik", Question)).Candidates.ShouldNotContain(c => c.Entry.Id == "tablo");
    }

    private async Task<SearchResult> SearchAsync(string tenant, string question) =>
        await KnowledgeFixture.SearchAsync(api.Host, new LabelledQuestion(tenant, "tr", question, new HashSet<string>(), "test"));

    private async Task ChangeAsync(Func<MefapexDb, Guid, Task> change)
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.WholeDatabase();
        var tenantId = (await KnowledgeFixture.TenantAsync(api.Host, "klinik")).Id;
        await change(db, tenantId);
        await KnowledgeWriter.BumpVersionAsync(db, tenantId, TimeProvider.System.GetUtcNow(), Cancellation);
    }
}
