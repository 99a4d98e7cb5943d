namespace Mefapex.Cli;

/// <summary>What the system said to a labelled question, and whether that is right.</summary>
/// <param name="Answer">Null where there was none.</param>
/// <param name="Problem">Why there was no answer.</param>
internal sealed record EvalOutcome(EvalQuestion Question, EvalAnswer? Answer, string? Problem)
{
    /// <summary>The question was not answered, nor asked back about, but refused.</summary>
    public bool Declined => Answer?.Decision == "decline";

    /// <summary>The place of the first expected source, from 1; 0 where there is none or the question was declined.</summary>
    public int Rank
    {
        get
        {
            if (Answer is null || Declined)
                return 0;
            for (var i = 0; i < Answer.Sources.Count; i++)
            {
                if (Question.Expected.Contains(Answer.Sources[i].Id, StringComparer.Ordinal))
                    return i + 1;
            }

            return 0;
        }
    }

    public bool IsRight => Question.MustBeDeclined ? Declined : Rank == 1;
}

/// <summary>What of an answer counts here; the names are those of the chat contract.</summary>
internal sealed record EvalAnswer(
    string Decision,
    IReadOnlyList<EvalSource> Sources,
    double Confidence,
    string Language,
    string Degradation,
    double ResponseTimeMs)
{
    /// <summary>Whether the search had no vectors.</summary>
    public bool IsDegraded => Degradation is not ("full" or "no-generator");
}

/// <param name="Score">Calibrated probability, 0 to 1.</param>
internal sealed record EvalSource(string Id, double Score);

/// <summary>The figures over some of the questions. Shares are not numbers where nothing could be counted.</summary>
/// <param name="Group">What the questions have in common: <c>all</c>, <c>tenant</c>, <c>lang</c> or <c>kind</c>.</param>
/// <param name="Name">The value they have in common.</param>
internal sealed record EvalScore(string Group, string Name, int Answerable, int Unanswerable)
{
    public double HitAt1 { get; private init; }

    public double HitAt3 { get; private init; }

    /// <summary>Mean reciprocal rank of the first expected source among those shown.</summary>
    public double Mrr { get; private init; }

    /// <summary>Of the answerable ones.</summary>
    public double WronglyDeclined { get; private init; }

    /// <summary>Of those that must be declined.</summary>
    public double DeclinedCorrectly { get; private init; }

    /// <summary>All, then by tenant, language and kind, each in alphabetical order.</summary>
    public static List<EvalScore> Of(IReadOnlyList<EvalOutcome> outcomes) =>
    [
        Over("all", "", outcomes),
        .. By("tenant", outcome => outcome.Question.Tenant, outcomes),
        .. By("lang", outcome => outcome.Question.Lang, outcomes),
        .. By("kind", outcome => outcome.Question.Kind, outcomes),
    ];

    private static IEnumerable<EvalScore> By(string group, Func<EvalOutcome, string> name, IReadOnlyList<EvalOutcome> outcomes) => outcomes
        .GroupBy(name, StringComparer.Ordinal)
        .OrderBy(part => part.Key, StringComparer.Ordinal)
        .Select(part => Over(group, part.Key, [.. part]));

    private static EvalScore Over(string group, string name, IReadOnlyList<EvalOutcome> outcomes)
    {
        var answerable = outcomes.Where(outcome => !outcome.Question.MustBeDeclined).ToList();
        var unanswerable = outcomes.Where(outcome => outcome.Question.MustBeDeclined).ToList();
        return new EvalScore(group, name, answerable.Count, unanswerable.Count)
        {
            HitAt1 = Mean(answerable, outcome => outcome.Rank == 1 ? 1 : 0),
            HitAt3 = Mean(answerable, outcome => outcome.Rank is >= 1 and <= 3 ? 1 : 0),
            Mrr = Mean(answerable, outcome => outcome.Rank == 0 ? 0 : 1.0 / outcome.Rank),
            WronglyDeclined = Mean(answerable, outcome => outcome.Declined ? 1 : 0),
            DeclinedCorrectly = Mean(unanswerable, outcome => outcome.Declined ? 1 : 0),
        };
    }

    private static double Mean(List<EvalOutcome> outcomes, Func<EvalOutcome, double> figure) =>
        outcomes.Count == 0 ? double.NaN : outcomes.Average(figure);
}
