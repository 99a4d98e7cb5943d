using System.Text.Json;
using Mefapex.Api.Knowledge.Search;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>The probability that a passage answers a question: a logistic model over its stage scores, fitted on labelled
/// questions about sample documents.</summary>
internal sealed class PassageScorer(PassageWeightsFile file)
{
    /// <summary>Names of a passage's figures in the order of <see cref="Inputs"/>.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["bias", "coverage", "telling", "full_text", "keywords", "vector", "sentence", "missing"];

    /// <summary>Likeliest first.</summary>
    public IReadOnlyList<ScoredPassage> Score(SearchResult found, IReadOnlyList<Passage> passages, string? modelHash)
    {
        var weights = found.UsedVectors && file.Vectors.ModelHash == modelHash ? file.Vectors : file.Lexical;
        return
        [
            .. passages
                .Select(passage => new ScoredPassage(passage, Probability(Inputs(passage), weights.Weights)))
                .OrderByDescending(p => p.Probability)
                .ThenByDescending(p => p.Passage.Fused)
                .ThenBy(p => p.Passage.DocumentId)
                .ThenBy(p => p.Passage.Position),
        ];
    }

    public static double Probability(double[] inputs, IReadOnlyList<double> weights)
    {
        var sum = 0.0;
        for (var i = 0; i < inputs.Length; i++)
            sum += inputs[i] * weights[i];
        return 1 / (1 + Math.Exp(-sum));
    }

    public static double[] Inputs(Passage passage)
    {
        return
        [
            1,
            passage.Features.Coverage,
            passage.Features.Telling,
            passage.Features.FullText,
            passage.Features.Keywords,
            passage.Features.Vector,
            passage.Cover.Sentences.Select(s => s.ShareWithAbove).DefaultIfEmpty(0).Max(),
            passage.Cover.Missing,
        ];
    }
}

/// <param name="Probability">That it answers, 0 to 1.</param>
internal sealed record ScoredPassage(Passage Passage, double Probability);

/// <summary>Fitted weights, one for each of <see cref="PassageScorer.Names"/>, and where they come from.</summary>
/// <param name="ModelHash">The encoder that the vectors came from; null for the weights without vectors.</param>
/// <param name="Questions">How many labelled questions they were fitted on.</param>
/// <param name="LogLoss">Mean negative log probability of the right label on their passages.</param>
internal sealed record PassageWeights(IReadOnlyList<double> Weights, string? ModelHash, int Questions, double LogLoss);

/// <summary>The file <c>passages.json</c>.</summary>
/// <param name="Source">The labelled questions.</param>
/// <param name="SourceHash">sha256 of that file.</param>
/// <param name="FittedOn">The day.</param>
internal sealed record PassageWeightsFile(
    string Source,
    string SourceHash,
    DateOnly FittedOn,
    IReadOnlyList<string> Names,
    PassageWeights Lexical,
    PassageWeights Vectors)
{
    public static PassageWeightsFile Load()
    {
        var name = $"{typeof(PassageWeightsFile).Namespace}.passages.json";
        using var stream = typeof(PassageWeightsFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is not in the assembly.");
        var file = JsonSerializer.Deserialize<PassageWeightsFile>(stream, CalibrationFile.Json)!;
        return file.Names.SequenceEqual(PassageScorer.Names, StringComparer.Ordinal)
            ? file
            : throw new InvalidOperationException($"{name} was fitted for other figures; fit it again.");
    }
}
