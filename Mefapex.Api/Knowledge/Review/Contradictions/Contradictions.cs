using System.Text.Json;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Review.Contradictions;

/// <summary>What a tenant's entries say against each other.</summary>
internal sealed class ContradictionFinder(MefapexDb db)
{
    /// <summary>Every pair among the published entries.</summary>
    public async Task<List<Clash>> AllAsync(Guid tenantId, CancellationToken cancellationToken)
    {
        var all = await PublishedAsync(tenantId, [], cancellationToken);
        return ContradictionSearch.Find(all, all);
    }

    /// <summary>What versions say against the published entries, in the place of the versions of theirs that are published.</summary>
    public async Task<List<Clash>> OfAsync(Guid tenantId, IReadOnlyList<KnowledgeVersion> versions, CancellationToken cancellationToken)
    {
        var changed = versions
            .SelectMany(v => v.Texts, (v, text) => (v.EntryId, text))
            .SelectMany(t => Statement.Of(t.EntryId, t.text.Language, t.text.Title, t.text.Answer))
            .ToList();
        var others = await PublishedAsync(tenantId, [.. versions.Select(v => v.EntryId)], cancellationToken);
        return ContradictionSearch.Find(changed, [.. others, .. changed]);
    }

    private async Task<List<Statement>> PublishedAsync(Guid tenantId, string[] but, CancellationToken cancellationToken)
    {
        var texts = await (
            from e in db.KnowledgeEntries.AsNoTracking()
            from t in e.Texts
            where e.TenantId == tenantId && e.PublishedVersion != null && !but.Contains(e.Id)
            orderby e.Id, t.Language
            select new { e.Id, t.Language, t.Title, t.Answer }).ToListAsync(cancellationToken);
        return [.. texts.SelectMany(t => Statement.Of(t.Id, t.Language, t.Title, t.Answer))];
    }
}

/// <summary>Shows at publishing what other entries say differently; the same sentence with another figure stands in the way.</summary>
internal sealed class ContradictionCheck(ContradictionFinder contradictions) : IPublishCheck
{
    private const int Most = 20;

    public async Task<IReadOnlyList<PublishFinding>> CheckAsync(PublishSet set, CancellationToken cancellationToken)
    {
        var clashes = await contradictions.OfAsync(set.Tenant.Id, set.Versions, cancellationToken);
        return
        [
            .. clashes.Take(Most).Select(clash => new PublishFinding(
                clash.Left.EntryId,
                "contradiction",
                clash.Left.EntryId == clash.Right.EntryId
                    ? ReviewTexts.Format("ContradictionOfLanguages", clash.LeftValue, clash.RightValue)
                    : ReviewTexts.Format("Contradiction", clash.LeftValue, clash.Right.Title, clash.RightValue),
                clash.SameSentence,
                JsonSerializer.SerializeToElement(ToWire(clash), WireJson.Options))),
        ];
    }

    public static ContradictionItem ToWire(Clash clash) => new(
        clash.Key,
        Math.Round(clash.Similarity, 3),
        new(clash.Left.EntryId, clash.Left.Title, clash.Left.Language, clash.Left.Text, clash.LeftValue),
        new(clash.Right.EntryId, clash.Right.Title, clash.Right.Language, clash.Right.Text, clash.RightValue));
}
