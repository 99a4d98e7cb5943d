using System.Text.Json;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>
/// Asks the tenant's labelled questions of the knowledge as it is and as it would be, and stands in the way of a change by
/// which fewer find their entry, or fewer of those that must be declined are. Nothing is written and nothing locked for it.
/// </summary>
internal sealed partial class PublishGate(
    MefapexDb db,
    Labels labels,
    LabelSearch search,
    SnapshotStore snapshots,
    QuestionVectors vectors,
    IVectorIndex index,
    Calibrations calibrations,
    Decider decider,
    WarningSigns warnings,
    IOptions<ReviewOptions> options,
    TimeProvider time,
    ILogger<PublishGate> logger) : IPublishCheck
{
    private const int MostShown = 20;
    private const int MostNamed = 3;

    /// <summary>The figures that must not fall: whether a question counts for each.</summary>
    private static readonly Func<LabelOutcome, bool>[] Figures =
    [
        o => !o.Label.MustBeDeclined && o.Rank == 1,
        o => !o.Label.MustBeDeclined && o.Rank is >= 1 and <= 3,
        o => o.Label.MustBeDeclined && o.Declined,
    ];

    public async Task<IReadOnlyList<PublishFinding>> CheckAsync(PublishSet set, CancellationToken cancellationToken)
    {
        var asked = (await labels.AllAsync(set.Tenant.Id, cancellationToken)).Where(l => l.IsAboutEntries).ToList();
        if (asked.Count == 0)
            return [];

        var started = time.GetTimestamp();
        var pairs = await CompareAsync(set, asked, cancellationToken);
        var worse = pairs.Where(p => Figures.Any(counts => counts(p.Before) && !counts(p.After))).ToList();
        var better = pairs.Count(p => Figures.Any(counts => counts(p.After) && !counts(p.Before)));
        var loss = Figures.Max(counts => pairs.Count(p => counts(p.Before)) - pairs.Count(p => counts(p.After)));
        LogCompared(set.Tenant.Slug, asked.Count, worse.Count, better, time.GetElapsedTime(started).TotalMilliseconds);
        return loss <= options.Value.GateTolerance ? [] : [Finding(set, asked.Count, worse, better)];
    }

    private async Task<List<Pair>> CompareAsync(PublishSet set, IReadOnlyList<KnowledgeLabel> asked, CancellationToken cancellationToken)
    {
        var tenantId = set.Tenant.Id;
        var entries = set.Versions.Select(KnowledgeWriter.Suppose).ToList();
        var changed = entries.Select(e => e.Id).Concat(set.Retired).ToHashSet(StringComparer.Ordinal);
        var texts = entries.SelectMany(IndexedText.Of).ToList();
        var model = index.ModelOf(tenantId)?.Hash;
        var made = await vectors.OfAsync(tenantId, [.. texts.Select(t => t.Text)], cancellationToken);
        var supposed = await SupposeAsync(
            tenantId, changed, entries, made is null ? [] : [.. texts.Select((t, i) => new IndexedVector(t.Key, t.Audience, made[i].Values))], cancellationToken);

        // Both sides with vectors, or neither: else the difference would be that of the stages.
        var withVectors = made is not null;
        var before = await search.RunAsync(tenantId, asked, withVectors, cancellationToken);
        var after = before is null ? null : await search.RunAsync(tenantId, supposed, asked, withVectors, cancellationToken);
        if (before is null || after is null)
        {
            model = null;
            before = (await search.RunAsync(tenantId, asked, withVectors: false, cancellationToken))!;
            after = (await search.RunAsync(tenantId, supposed, asked, withVectors: false, cancellationToken))!;
        }

        var weights = await calibrations.OfAsync(tenantId, before[0].Result.Snapshot.Version, cancellationToken);
        return [.. before.Zip(after, (b, a) => new Pair(Outcome(b), Outcome(a)))];

        LabelOutcome Outcome(LabelFound found) =>
            LabelOutcome.Of(found.Label, Ranking.Of(found.Result, model, weights), decider, warnings);
    }

    private async Task<Supposition> SupposeAsync(
        Guid tenantId,
        HashSet<string> changed,
        List<KnowledgeEntry> entries,
        IReadOnlyList<IndexedVector> made,
        CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var valid = entries.Where(e => e.ValidFrom <= today && !(e.ExpiresOn < today)).ToList();
        return new Supposition(
            await snapshots.SupposeAsync(tenantId, changed, entries, cancellationToken),
            changed,
            await KnowledgeWriter.SupposeSearchAsync(db, valid, cancellationToken),
            [.. valid.SelectMany(e => e.Texts.Select(t => t.FoldedTitle).Concat(e.Questions.Select(q => q.Folded)), (e, folded) => (e.Id, folded))],
            made);
    }

    private static PublishFinding Finding(PublishSet set, int asked, List<Pair> worse, int better) => new(
        (set.Versions, set.Retired) switch { ([var version], []) => version.EntryId, ([], [var id]) => id, _ => null },
        "labelled-questions-lost",
        ReviewTexts.Format("GateLost", asked, worse.Count, better, string.Join(", ", worse.Take(MostNamed).Select(p => $"\"{p.Before.Label.Question}\""))),
        Blocking: true,
        JsonSerializer.SerializeToElement(worse.Take(MostShown).Select(p => p.ToWire()), WireJson.Options));

    [LoggerMessage(LogLevel.Information, "Asked {Questions} labelled questions of {Tenant} before and after a change: {Worse} worse, {Better} better, in {Milliseconds:0} ms")]
    private partial void LogCompared(string tenant, int questions, int worse, int better, double milliseconds);

    private sealed record Pair(LabelOutcome Before, LabelOutcome After)
    {
        public LostQuestion ToWire() =>
            new(Before.Label.Question, Before.Label.Expected, ToWire(Before), ToWire(After));

        private static LabelAnswer ToWire(LabelOutcome outcome) => new(outcome.Decision, outcome.Declined ? null : outcome.First);
    }
}
