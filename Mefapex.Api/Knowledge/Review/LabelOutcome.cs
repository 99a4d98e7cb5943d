using Mefapex.Api.Knowledge.Answers;
using Mefapex.Contracts.Knowledge;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>What weights make of a labelled question.</summary>
/// <param name="Decision">One of <see cref="Contracts.Chat.Decision"/>.</param>
/// <param name="First">The entry that leads; null without any.</param>
/// <param name="Rank">The place of the first expected entry, from 1; 0 where it is declined or none is expected.</param>
/// <param name="Right">The probability given to the right outcome.</param>
internal sealed record LabelOutcome(KnowledgeLabel Label, string Decision, string? First, int Rank, double Right)
{
    public bool Declined => Decision == Contracts.Chat.Decision.Decline;

    public bool IsRight => Label.MustBeDeclined ? Declined : Rank == 1;

    public static LabelOutcome Of(KnowledgeLabel label, Ranking ranking, Decider decider, WarningSigns warnings)
    {
        var urgent = warnings.Match(ranking) is { } warning ? ranking.Entries.First(r => r.Candidate == warning.Candidate) : null;
        var decision = urgent is null ? decider.AboutEntries(ranking) : Contracts.Chat.Decision.Escalate;
        List<Ranked> shown = urgent is null ? [.. ranking.Entries] : [urgent, .. ranking.Entries.Where(r => r != urgent)];
        var expected = ranking.Entries.Where(r => label.Expected.Contains(r.Candidate.Entry.Id, StringComparer.Ordinal));
        return new(
            label,
            decision,
            shown.Count > 0 ? shown[0].Candidate.Entry.Id : null,
            decision == Contracts.Chat.Decision.Decline ? 0 : 1 + shown.FindIndex(r => label.Expected.Contains(r.Candidate.Entry.Id, StringComparer.Ordinal)),
            label.MustBeDeclined ? ranking.None : expected.Sum(r => r.Probability));
    }

    public static LabelFigures Figures(IReadOnlyCollection<LabelOutcome> outcomes)
    {
        var answerable = outcomes.Where(o => !o.Label.MustBeDeclined).ToList();
        var unanswerable = outcomes.Where(o => o.Label.MustBeDeclined).ToList();
        return new(
            Share(answerable, o => o.Rank == 1) ?? 0,
            Share(answerable, o => o.Rank is >= 1 and <= 3) ?? 0,
            Share(unanswerable, o => o.Declined),
            Share(answerable, o => o.Declined) ?? 0,
            Math.Round(outcomes.Average(o => -Math.Log(Math.Max(1e-12, o.Right))), 4));
    }

    private static double? Share(List<LabelOutcome> outcomes, Func<LabelOutcome, bool> when) =>
        outcomes.Count == 0 ? null : Math.Round(outcomes.Count(when) / (double)outcomes.Count, 4);
}
