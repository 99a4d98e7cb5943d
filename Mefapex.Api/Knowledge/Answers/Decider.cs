using Mefapex.Contracts.Chat;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>From probabilities to what is done about a question; the thresholds are <see cref="AnswerOptions"/>.</summary>
internal sealed class Decider(IOptions<AnswerOptions> options)
{
    public AnswerOptions Thresholds => options.Value;

    /// <summary><see cref="Decision.Answer"/> with the first entry, <see cref="Decision.Clarify"/> between the first two, or
    /// <see cref="Decision.Decline"/> where no entry answers.</summary>
    public string AboutEntries(Ranking ranking)
    {
        if (ranking.Entries.Count == 0 || ranking.None >= Thresholds.DeclineRatio * ranking.First)
            return Decision.Decline;
        var clear = ranking.First >= Thresholds.ClearShare * (ranking.First + ranking.Second);
        return clear || ranking.First >= Thresholds.AnswerAt ? Decision.Answer : Decision.Clarify;
    }

    /// <summary>Whether passages could answer rather than what was decided about the entries.</summary>
    public bool AsksPassages(Reply entries) => entries.Decision != Decision.Escalate
        && (entries.Decision == Decision.Decline || entries.Confidence < Thresholds.ApprovedAt);

    /// <summary>Whether passages answer rather than what was decided about the entries: nothing approved fits, or what fits is
    /// less than sure and clearly less likely than the best passage.</summary>
    public bool PrefersPassages(Reply entries, IReadOnlyList<ScoredPassage> passages)
    {
        if (!AsksPassages(entries) || passages.Count == 0 || passages[0].Probability < Thresholds.PassageAt)
            return false;
        return entries.Decision == Decision.Decline || passages[0].Probability >= entries.Confidence + Thresholds.PassageLead;
    }
}
