using Mefapex.Api.Ai;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Entries.Synonyms;

/// <summary>Tries other synonyms on questions, without anybody else noticing.</summary>
internal sealed class SynonymTrials(
    MefapexDb db,
    SnapshotStore snapshots,
    KnowledgeSearch search,
    AiClient ai,
    IVectorIndex vectors,
    CalibrationFile calibrations,
    Decider decider)
{
    private const int Questions = 100;
    private const int Shown = 3;

    /// <summary>A smaller difference of a probability is none to people.</summary>
    private const double Noticeable = 0.01;

    /// <returns>All groups as they would be.</returns>
    public async Task<TriedGroups> GroupsAsync(
        Guid tenantId,
        IReadOnlyList<string[]> add,
        IReadOnlyList<(Guid Id, string[] Terms)> change,
        IReadOnlyList<Guid> remove,
        FieldErrors errors,
        CancellationToken cancellationToken)
    {
        var groups = await db.SynonymGroups.AsNoTracking().Where(g => g.TenantId == tenantId)
            .OrderBy(g => g.Position).ToListAsync(cancellationToken);
        for (var i = 0; i < remove.Count; i++)
        {
            if (groups.RemoveAll(g => g.Id == remove[i]) == 0)
                errors.Add($"remove[{i}]", "group-unknown");
        }

        for (var i = 0; i < change.Count; i++)
        {
            if (groups.Find(g => g.Id == change[i].Id) is { } group)
                group.Terms = change[i].Terms;
            else
                errors.Add($"change[{i}].id", "group-unknown");
        }

        var last = groups.Count > 0 ? groups.Max(g => g.Position) : -1;
        groups.AddRange(add.Select((terms, i) => new SynonymGroup { TenantId = tenantId, Position = last + 1 + i, Terms = terms }));
        return new TriedGroups(groups, [.. change.Select(c => c.Terms), .. add]);
    }

    /// <param name="questions">Null for those that the tenant has.</param>
    public async Task<SynonymPreview> RunAsync(
        TenantScope tenant,
        TriedGroups tried,
        IReadOnlyList<string>? questions,
        CancellationToken cancellationToken)
    {
        var now = await db.SynonymGroups.AsNoTracking().Where(g => g.TenantId == tenant.Id).ToListAsync(cancellationToken);
        var before = await snapshots.SupposeAsync(tenant.Id, now, cancellationToken);
        var after = await snapshots.SupposeAsync(tenant.Id, tried.All, cancellationToken);
        var asked = questions is null
            ? await OwnQuestionsAsync(tenant, before, cancellationToken)
            : [.. questions.Select(q => new TriedQuestion(q, LanguageGuess.Of(q, tenant.Locale), "given"))];
        var made = await VectorsAsync(tenant.Id, asked, cancellationToken);
        var reader = new Reader([.. before.Entries.Values.SelectMany(e => e.Audience).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);

        var effects = new List<(SynonymEffect Effect, bool First, bool Top, double Size)>();
        for (var i = 0; i < asked.Count; i++)
        {
            var old = await OutcomeAsync(before, reader, asked[i], made?[i], cancellationToken);
            var fresh = await OutcomeAsync(after, reader, asked[i], made?[i], cancellationToken);
            var first = old.Decision != fresh.Decision || First(old) != First(fresh);
            var top = !old.Top.Select(t => t.Id).SequenceEqual(fresh.Top.Select(t => t.Id), StringComparer.Ordinal);
            var size = old.Top.Concat(fresh.Top).Select(t => t.Id).Distinct(StringComparer.Ordinal)
                .Max(id => (double?)Math.Abs(Probability(old, id) - Probability(fresh, id))) ?? 0;
            if (first || top || size >= Noticeable)
                effects.Add((new(asked[i].Text, asked[i].Language, asked[i].Source, old, fresh), first, top, size));
        }

        return new SynonymPreview(
            asked.Count,
            effects.Count(e => e.First),
            effects.Count(e => e.First || e.Top),
            [.. effects.OrderByDescending(e => e.First).ThenByDescending(e => e.Top).ThenByDescending(e => e.Size).Select(e => e.Effect)],
            SynonymWarnings.Of(tried, before));
    }

    private async Task<SynonymOutcome> OutcomeAsync(
        KnowledgeSnapshot snapshot,
        Reader reader,
        TriedQuestion question,
        QuestionVector? vector,
        CancellationToken cancellationToken)
    {
        var found = await search.SearchAsync(snapshot, reader, question.Text, question.Language, vector, cancellationToken);
        var ranking = Ranking.Of(found, vector?.ModelHash, calibrations);
        return new SynonymOutcome(
            decider.AboutEntries(ranking),
            [
                .. ranking.Entries.Take(Shown).Select(r =>
                    new SynonymCandidate(r.Candidate.Entry.Id, r.TitleIn(question.Language), Math.Round(r.Probability, 4))),
            ]);
    }

    /// <summary>Questions with a known answer, then those that people asked last; entries' own where there are none.</summary>
    private async Task<List<TriedQuestion>> OwnQuestionsAsync(
        TenantScope tenant,
        KnowledgeSnapshot snapshot,
        CancellationToken cancellationToken)
    {
        var labelled = await db.KnowledgeLabels.Where(l => l.TenantId == tenant.Id)
            .OrderByDescending(l => l.UpdatedAt).ThenBy(l => l.Id)
            .Take(Questions)
            .Select(l => new TriedQuestion(l.Question, l.Language, "labelled"))
            .ToListAsync(cancellationToken);
        var recent = await db.Exchanges.Where(e => e.TenantId == tenant.Id)
            .OrderByDescending(e => e.AskedAt)
            .Take(Questions)
            .Select(e => e.Question)
            .ToListAsync(cancellationToken);
        List<TriedQuestion> own =
        [
            .. labelled.Concat(recent.Select(q => new TriedQuestion(q, LanguageGuess.Of(q, tenant.Locale), "asked")))
                .DistinctBy(q => q.Text, StringComparer.OrdinalIgnoreCase)
                .Take(Questions),
        ];
        return own.Count > 0
            ? own
            :
            [
                .. snapshot.Entries.Values.OrderBy(e => e.Id, StringComparer.Ordinal)
                    .SelectMany(e => e.Texts.Values, (_, text) => new TriedQuestion(text.Title, text.Language, "entry"))
                    .Take(Questions),
            ];
    }

    /// <returns>Null where there is no index, or nobody to make vectors of its model.</returns>
    private async Task<List<QuestionVector>?> VectorsAsync(
        Guid tenantId,
        List<TriedQuestion> questions,
        CancellationToken cancellationToken)
    {
        if (questions.Count == 0 || vectors.ModelOf(tenantId)?.Hash is not { } model)
            return null;
        try
        {
            var made = await ai.EmbedAsync(tenantId, [.. questions.Select(q => q.Text)], cancellationToken);
            return made.ModelHash == model ? [.. made.Embeddings.Select(v => new QuestionVector(model, v))] : null;
        }
        catch (AiUnavailableException)
        {
            return null;
        }
    }

    private static string? First(SynonymOutcome outcome) => outcome.Top is [var first, ..] ? first.Id : null;

    private static double Probability(SynonymOutcome outcome, string id) => outcome.Top.FirstOrDefault(t => t.Id == id)?.Probability ?? 0;

    private sealed record TriedQuestion(string Text, string Language, string Source);
}

/// <param name="All">In their order.</param>
/// <param name="Changed">The terms of those among them that are new or other than before.</param>
internal sealed record TriedGroups(IReadOnlyList<SynonymGroup> All, IReadOnlyList<string[]> Changed);
