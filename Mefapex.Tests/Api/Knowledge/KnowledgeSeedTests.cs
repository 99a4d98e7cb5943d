using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Knowledge;

public sealed class KnowledgeSeedTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_samples_are_loaded_whole()
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.WholeDatabase();
        foreach (var slug in (string[])["fabrika", "klinik"])
        {
            var tenant = await db.Tenants.SingleAsync(t => t.Slug == slug, Cancellation);
            var ids = await db.KnowledgeEntries.Where(e => e.TenantId == tenant.Id && e.Id != "kendi").Select(e => e.Id).ToListAsync(Cancellation);
            ids.ShouldBe(SampleKnowledge.Ids(slug), ignoreOrder: true);
            (await db.SynonymGroups.CountAsync(g => g.TenantId == tenant.Id, Cancellation)).ShouldBeGreaterThan(50);
            (await db.KnowledgeBases.SingleAsync(k => k.TenantId == tenant.Id, Cancellation)).ContactTr.ShouldContain("dahili");
        }
    }

    [Fact]
    public async Task Seeding_again_changes_nothing()
    {
        var before = await VersionsAsync();
        await SeedAsync();
        (await VersionsAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task A_sample_that_changed_is_loaded_again_and_one_that_went_is_removed()
    {
        var (tenantId, versions) = ((await KnowledgeFixture.TenantAsync(api.Host, "klinik")).Id, await VersionsAsync());
        await using (var scope = api.Host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            await db.KnowledgeEntries.Where(e => e.TenantId == tenantId && e.Id == "tercuman")
                .ExecuteUpdateAsync(e => e.SetProperty(x => x.SampleHash, "older"), Cancellation);
            await db.Set<KnowledgeText>().Where(t => t.TenantId == tenantId && t.EntryId == "tercuman")
                .ExecuteUpdateAsync(t => t.SetProperty(x => x.Answer, "eski"), Cancellation);
            db.KnowledgeEntries.Add(Entry(tenantId, "eski-ornek", sampleHash: "of an older sample"));
            db.KnowledgeEntries.Add(Entry(tenantId, "kendi", sampleHash: null));
            await db.SaveChangesAsync(Cancellation);
        }

        await SeedAsync();

        await using (var scope = api.Host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            var entry = await db.KnowledgeEntries.Include(e => e.Texts).Include(e => e.Questions).AsSplitQuery()
                .SingleAsync(e => e.TenantId == tenantId && e.Id == "tercuman", Cancellation);
            entry.Version.ShouldBe(2);
            entry.Texts.Single(t => t.Language == "tr").Answer.ShouldBe(SampleKnowledge.Answer("klinik", "tercuman"));
            entry.Questions.Count.ShouldBeGreaterThan(4);
            var ids = await db.KnowledgeEntries.Where(e => e.TenantId == tenantId).Select(e => e.Id).ToListAsync(Cancellation);
            ids.ShouldNotContain("eski-ornek");
            ids.ShouldContain("kendi");
        }

        (await VersionsAsync())[tenantId].ShouldBe(versions[tenantId] + 1);
    }

    private static KnowledgeEntry Entry(Guid tenantId, string id, string? sampleHash) => new()
    {
        TenantId = tenantId,
        Id = id,
        Category = "Genel",
        Owner = "İK",
        ValidFrom = new DateOnly(2026, 1, 1),
        Tags = [],
        Status = EntryStatus.Published,
        Version = 1,
        PublishedVersion = 1,
        SampleHash = sampleHash,
        UpdatedAt = TimeProvider.System.GetUtcNow(),
    };

    private async Task SeedAsync()
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        await KnowledgeSeed.ApplyAsync(scope.ServiceProvider.WholeDatabase(), TimeProvider.System, Cancellation);
    }

    private async Task<Dictionary<Guid, long>> VersionsAsync()
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.WholeDatabase().KnowledgeBases.AsNoTracking()
            .ToDictionaryAsync(k => k.TenantId, k => k.Version, Cancellation);
    }
}
