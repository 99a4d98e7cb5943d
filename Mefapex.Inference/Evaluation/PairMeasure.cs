using System.Globalization;
using System.Numerics.Tensors;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;

namespace Mefapex.Inference.Evaluation;

/// <summary>Two sentences that mean the same, neither of them learnt from.</summary>
/// <param name="Set"><c>pairs</c>, or <c>new-meanings</c> where no sentence of the meaning was learnt either.</param>
/// <param name="Meaning">What both mean; pairs of one meaning are never each other's rivals.</param>
/// <param name="Style">Of the query, such as <c>tr-colloquial</c>; <c>cross</c> where one sentence is Turkish and the other
/// English.</param>
public sealed record TestPair(string Set, string Meaning, string Style, string Query, string Match)
{
    /// <summary>Reads the <c>*.tsv</c> of a folder in the order of their names: a line
    /// <c>meaning TAB style TAB query TAB match</c> for each pair. <c>pairs-1.tsv</c> and <c>pairs-2.tsv</c> are one set,
    /// <c>pairs</c>.</summary>
    /// <exception cref="InvalidDataException">A line is not understood, or there is no pair.</exception>
    public static IReadOnlyList<TestPair> ReadFolder(string folder)
    {
        TestPair[] pairs =
            [.. Directory.EnumerateFiles(folder, "*.tsv").Order(StringComparer.Ordinal).SelectMany(ReadFile)];
        return pairs.Length > 0
            ? pairs
            : throw new InvalidDataException($"{folder} holds no test pairs: a *.tsv with lines meaning TAB style TAB query TAB match.");
    }

    private static IEnumerable<TestPair> ReadFile(string file)
    {
        var set = Path.GetFileNameWithoutExtension(file).TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9').TrimEnd('-');
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            number++;
            if (line.Length == 0)
                continue;
            if (line.Split('\t', StringSplitOptions.TrimEntries) is not
                [{ Length: > 0 } meaning, { Length: > 0 } style, { Length: > 0 } query, { Length: > 0 } match])
            {
                throw new InvalidDataException($"{file}({number}): a pair has the form meaning TAB style TAB query TAB match.");
            }

            yield return new TestPair(set, meaning, style, query, match);
        }
    }
}

/// <summary>
/// Finds the match of each query among the matches of other meanings of its set. A query's candidates are its own match
/// and one match of each of up to 499 other meanings, those that follow its own in the order of the files, round and
/// round; the match of another meaning is its first pair's. Rivals within 1e-6 count as ahead.
/// </summary>
public static class PairMeasure
{
    /// <summary>Most candidates of a query, its own match among them.</summary>
    public const int Candidates = 500;

    /// <summary>How reports name the method.</summary>
    public static readonly string Method = string.Create(
        CultureInfo.InvariantCulture,
        $"each query among up to {Candidates} candidates, one of each meaning: recall and mean reciprocal rank of its match by cosine");

    private const float Tie = 1e-6f;

    /// <summary>Figures of each set, in all and by style.</summary>
    public static IReadOnlyList<QualityFigure> Measure(
        ITextEncoder encoder, IReadOnlyList<TestPair> pairs, CancellationToken cancellationToken = default) =>
        Measure(texts => encoder.Encode(texts, cancellationToken: cancellationToken), pairs);

    internal static IReadOnlyList<QualityFigure> Measure(
        Func<IReadOnlyList<string>, float[][]> encode, IReadOnlyList<TestPair> pairs) =>
    [
        .. pairs.GroupBy(pair => pair.Set, StringComparer.Ordinal).SelectMany(set => MeasureSet(encode, set.Key, [.. set])),
    ];

    private static IEnumerable<QualityFigure> MeasureSet(
        Func<IReadOnlyList<string>, float[][]> encode, string set, TestPair[] pairs)
    {
        var queries = encode([.. pairs.Select(pair => pair.Query)]);
        var matches = encode([.. pairs.Select(pair => pair.Match)]);
        var meanings = pairs.Index()
            .GroupBy(pair => pair.Item.Meaning, StringComparer.Ordinal)
            .Select(group => (Meaning: group.Key, First: group.First().Index))
            .ToArray();
        var placeOf = meanings.Index().ToDictionary(meaning => meaning.Item.Meaning, meaning => meaning.Index, StringComparer.Ordinal);
        var rivals = Math.Min(Candidates, meanings.Length) - 1;
        var ranks = pairs.Select((pair, index) =>
        {
            var own = TensorPrimitives.Dot<float>(queries[index], matches[index]);
            var place = placeOf[pair.Meaning];
            return 1 + Enumerable.Range(1, rivals).Count(step =>
                TensorPrimitives.Dot<float>(queries[index], matches[meanings[(place + step) % meanings.Length].First]) >= own - Tie);
        }).ToArray();

        var styles = pairs.Select(pair => pair.Style).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return styles
            .Select(style => FigureOf(style, ranks.Where((_, index) => string.Equals(pairs[index].Style, style, StringComparison.Ordinal))))
            .Prepend(FigureOf("all", ranks));

        QualityFigure FigureOf(string style, IEnumerable<int> of)
        {
            var taken = of.ToArray();
            return new QualityFigure(
                set,
                style,
                taken.Length,
                rivals + 1,
                Rounded(taken.Count(rank => rank == 1) / (double)taken.Length),
                Rounded(taken.Count(rank => rank <= 3) / (double)taken.Length),
                Rounded(taken.Average(rank => 1.0 / rank)));
        }
    }

    private static double Rounded(double value) => Math.Round(value, 6);
}
