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
                .Select(passage => new ScoredPassage(passage, Probability(Inputs(found, passage), weights.Weights)))
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

    public static double[] Inputs(SearchResult found, Passage passage)
    {
        var cover = new QuestionCover(found.Question, found.Snapshot);
        var above = cover.Of($"{passage.Title}\n{passage.Heading}", passage.Language);
        var text = cover.Of(passage.Text, passage.Language);
        var sentence = Sentences.Of(passage.Text)
            .Select(s => cover.Share(cover.Of(s.In(passage.Text), passage.Language), above))
            .DefaultIfEmpty(0)
            .Max();
        return
        [
            1,
            passage.Features.Coverage,
            passage.Features.Telling,
            passage.Features.FullText,
            passage.Features.Keywords,
            passage.Features.Vector,
            sentence,
            Missing(found.Question, text, above),
        ];
    }

    /// <summary>How little of the question's most missing telling word the passage knows, 0 to 1.</summary>
    private static double Missing(Question question, double[] text, double[] above)
    {
        var missing = 0.0;
        for (var i = 0; i < question.Terms.Length; i++)
        {
            if (!question.Terms[i].IsStopWord && !question.Terms[i].IsQuestionWord)
                missing = Math.Max(missing, 1 - Math.Max(text[i], above[i]));
        }

        return missing;
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
