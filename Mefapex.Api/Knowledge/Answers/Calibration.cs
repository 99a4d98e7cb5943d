using System.Text.Json;
using Mefapex.Api.Knowledge.Search;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>
/// Turns stage scores into probabilities. A conditional logit (McFadden 1974): each candidate's score is a weighted sum
/// of its features, "none of them" competes with a score of its own, and the exponentials are normalised over all, so
/// that the distance to the second candidate counts by itself.
/// </summary>
internal sealed class Calibration(CalibrationWeights weights)
{
    /// <summary>Names of a candidate's figures in the order of <see cref="CandidateInputs"/>.</summary>
    public static readonly IReadOnlyList<string> CandidateNames =
        [
            "phrase", "topic", "telling", "anywhere", "grams", "phrase_lead", "grams_lead",
            "vector", "neighbours", "vector_lead", "answer_vector",
        ];

    /// <summary>Names of the question's figures in the order of <see cref="NoneInputs"/>.</summary>
    public static readonly IReadOnlyList<string> NoneNames = ["bias", "unknown", "unknown_word", "brevity"];

    public CalibrationWeights Weights => weights;

    /// <summary>The probability that each candidate answers, in their order; what is missing to 1 is "none of them".</summary>
    public double[] Probabilities(Question question, IReadOnlyList<Candidate> candidates) =>
        Probabilities(Example.Of(question, candidates), weights.Candidate, weights.None);

    public static double[] Probabilities(Example example, IReadOnlyList<double> candidate, IReadOnlyList<double> none)
    {
        var scores = Array.ConvertAll(example.Candidates, x => Dot(x, candidate));
        var outside = Dot(example.None, none);
        var top = scores.Append(outside).Max();
        var sum = Math.Exp(outside - top) + scores.Sum(s => Math.Exp(s - top));
        return Array.ConvertAll(scores, s => Math.Exp(s - top) / sum);
    }

    public static double[] CandidateInputs(Features f) =>
        [
            f.Phrase, f.Topic, f.Telling, f.Anywhere, f.Grams, f.PhraseLead, f.GramsLead,
            f.Vector, f.Neighbours, f.VectorLead, f.AnswerVector,
        ];

    public static double[] NoneInputs(Question question) =>
        [1, question.UnknownShare, question.MostTellingUnknown, 1.0 / Math.Max(1, question.Terms.Count(t => !t.IsStopWord))];

    private static double Dot(double[] x, IReadOnlyList<double> w)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
            sum += x[i] * w[i];
        return sum;
    }
}

/// <summary>A labelled question as figures.</summary>
/// <param name="Candidates">A row for each candidate.</param>
/// <param name="None">The question's own figures.</param>
/// <param name="Right">Indexes of the candidates that answer; empty when none does.</param>
internal sealed record Example(double[][] Candidates, double[] None, int[] Right)
{
    public static Example Of(Question question, IReadOnlyList<Candidate> candidates, IReadOnlySet<string>? expected = null) => new(
        [.. candidates.Select(c => Calibration.CandidateInputs(c.Features))],
        Calibration.NoneInputs(question),
        expected is null ? [] : [.. Enumerable.Range(0, candidates.Count).Where(i => expected.Contains(candidates[i].Entry.Id))]);
}

/// <summary>Fitted weights and where they come from.</summary>
/// <param name="Candidate">One for each of <see cref="Calibration.CandidateNames"/>.</param>
/// <param name="None">One for each of <see cref="Calibration.NoneNames"/>.</param>
/// <param name="ModelHash">The encoder that the vectors came from; null for the weights without vectors.</param>
/// <param name="Questions">How many labelled questions they were fitted on.</param>
/// <param name="LogLoss">Mean negative log probability of the right outcome on those questions.</param>
internal sealed record CalibrationWeights(
    IReadOnlyList<double> Candidate,
    IReadOnlyList<double> None,
    string? ModelHash,
    int Questions,
    double LogLoss);

/// <summary>The weights of <see cref="WarningSigns"/>, without and with vectors.</summary>
internal sealed record WarningCalibration(WarningWeights Lexical, WarningWeights Vectors);

/// <param name="Weights">One for each of <see cref="WarningSigns.Names"/>.</param>
/// <param name="LogLoss">Mean negative log probability of the right outcome on the labelled questions.</param>
internal sealed record WarningWeights(IReadOnlyList<double> Weights, double LogLoss);

/// <summary>The file <c>calibration.json</c>: weights with and without vectors, and what they were fitted on.</summary>
/// <param name="Source">The labelled questions.</param>
/// <param name="SourceHash">sha256 of that file.</param>
/// <param name="FittedOn">The day.</param>
internal sealed record CalibrationFile(
    string Source,
    string SourceHash,
    DateOnly FittedOn,
    IReadOnlyList<string> CandidateNames,
    IReadOnlyList<string> NoneNames,
    CalibrationWeights Lexical,
    CalibrationWeights Vectors,
    IReadOnlyList<string> WarningNames,
    WarningCalibration Warnings)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static CalibrationFile Load()
    {
        var name = $"{typeof(CalibrationFile).Namespace}.calibration.json";
        using var stream = typeof(CalibrationFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is not in the assembly.");
        var file = JsonSerializer.Deserialize<CalibrationFile>(stream, Json)!;
        if (!file.CandidateNames.SequenceEqual(Calibration.CandidateNames, StringComparer.Ordinal)
            || !file.NoneNames.SequenceEqual(Calibration.NoneNames, StringComparer.Ordinal)
            || !file.WarningNames.SequenceEqual(WarningSigns.Names, StringComparer.Ordinal))
            throw new InvalidOperationException($"{name} was fitted for other figures; fit it again.");
        return file;
    }
}
