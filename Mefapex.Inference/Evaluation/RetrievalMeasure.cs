using System.Numerics.Tensors;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;

namespace Mefapex.Inference.Evaluation;

/// <summary>
/// Leave one question out: each question is looked up among all entries of its set without itself. An entry scores the
/// highest cosine of its title and remaining questions; rivals within 1e-6 count as ahead, so that rounding cannot
/// flatter.
/// </summary>
public static class RetrievalMeasure
{
    /// <summary>How reports name the method.</summary>
    public const string Method =
        "leave one question out: recall and mean reciprocal rank of its entry among the set's entries, " +
        "each by the best cosine of its title and other questions";

    private const float Tie = 1e-6f;

    /// <summary>Measures the encoder on the sets.</summary>
    public static QualityReport Measure(
        ITextEncoder encoder,
        IEnumerable<QuestionSet> sets,
        CancellationToken cancellationToken = default) =>
        new(Method, [.. sets.Select(set => Measure(encoder, set, cancellationToken))]);

    private static QualityFigure Measure(ITextEncoder encoder, QuestionSet set, CancellationToken cancellationToken)
    {
        var vectors = set.Entries
            .Select(entry => encoder.Encode([entry.Title, .. entry.Questions], cancellationToken: cancellationToken))
            .ToArray();
        int questions = 0, first = 0, firstThree = 0;
        var reciprocals = 0.0;
        for (var own = 0; own < vectors.Length; own++)
        {
            for (var left = 1; left < vectors[own].Length; left++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var rank = RankOf(vectors, own, left);
                questions++;
                first += rank == 1 ? 1 : 0;
                firstThree += rank <= 3 ? 1 : 0;
                reciprocals += 1.0 / rank;
            }
        }

        return new QualityFigure(
            set.Name,
            set.Language,
            questions,
            vectors.Length,
            Rounded(first / (double)questions),
            Rounded(firstThree / (double)questions),
            Rounded(reciprocals / questions));
    }

    private static int RankOf(float[][][] vectors, int own, int left)
    {
        var question = vectors[own][left];
        var ownScore = vectors[own].Where((_, index) => index != left)
            .Max(vector => TensorPrimitives.Dot<float>(question, vector));
        var ahead = 0;
        for (var entry = 0; entry < vectors.Length; entry++)
        {
            if (entry != own && vectors[entry].Any(vector => TensorPrimitives.Dot<float>(question, vector) >= ownScore - Tie))
                ahead++;
        }

        return ahead + 1;
    }

    private static double Rounded(double value) => Math.Round(value, 6);
}
