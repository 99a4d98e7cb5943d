using Mefapex.Api.Knowledge.Search;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>What was found for a wording of the question, with calibrated probabilities, likeliest first.</summary>
/// <param name="None">The probability that no entry answers, 0 to 1.</param>
/// <param name="Calibration">Which of the fitted weights were used: <c>lexical</c> or <c>vectors</c>.</param>
internal sealed record Ranking(SearchResult Found, IReadOnlyList<Ranked> Entries, double None, string Calibration)
{
    private const string WithVectors = "vectors";

    /// <summary>Of the likeliest entry; 0 without any.</summary>
    public double First => Entries.Count > 0 ? Entries[0].Probability : 0;

    public bool UsesVectors => Calibration == WithVectors;

    public double Second => Entries.Count > 1 ? Entries[1].Probability : 0;

    /// <param name="modelHash">The encoder of the question's vector; null without one.</param>
    public static Ranking Of(SearchResult found, string? modelHash, CalibrationFile calibrations)
    {
        // Weights fitted for another encoder would misread this one's cosines.
        var fitted = found.UsedVectors && calibrations.Vectors.ModelHash == modelHash;
        var weights = fitted ? calibrations.Vectors : calibrations.Lexical;
        var probabilities = new Calibration(weights).Probabilities(found.Question, found.Candidates);
        return new Ranking(
            found,
            [
                .. found.Candidates.Select((candidate, i) => new Ranked(candidate, probabilities[i]))
                    .OrderByDescending(r => r.Probability)
                    .ThenBy(r => r.Candidate.Entry.Id, StringComparer.Ordinal),
            ],
            Math.Max(0, 1 - probabilities.Sum()),
            fitted ? WithVectors : "lexical");
    }
}

internal sealed record Ranked(Candidate Candidate, double Probability)
{
    public string TitleIn(string language) => Candidate.Entry.TextIn(language).Title;
}
