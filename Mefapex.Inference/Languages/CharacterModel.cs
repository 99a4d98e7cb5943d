using System.Globalization;
using System.Text;
using Mefapex.Inference.Text;

namespace Mefapex.Inference.Languages;

/// <summary>
/// How likely a language writes a word: a chain of characters, each conditioned on the three before it, smoothed by
/// Witten and Bell's interpolation ("The zero-frequency problem", IEEE Transactions on Information Theory 37(4), 1991)
/// down to a uniform distribution. Words are folded, so that text without diacritics is judged alike.
/// </summary>
internal sealed class CharacterModel
{
    /// <summary>Characters of context, and one.</summary>
    private const int Order = 4;

    /// <summary>a to z, the space around words, and one for all else.</summary>
    private const double Alphabet = 28;

    private const char Space = '_';
    private const char Else = '*';

    private readonly Dictionary<string, int> _counts;
    private readonly Dictionary<string, (int Total, int Distinct)> _contexts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _countOf;
    private readonly Dictionary<string, (int Total, int Distinct)>.AlternateLookup<ReadOnlySpan<char>> _contextOf;

    private CharacterModel(Dictionary<string, int> counts)
    {
        _counts = counts;
        foreach (var (gram, count) in counts)
        {
            var context = gram[..^1];
            var (total, distinct) = _contexts.GetValueOrDefault(context);
            _contexts[context] = (total + count, distinct + 1);
        }

        _countOf = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        _contextOf = _contexts.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Counts the words of <paramref name="texts"/>; n-grams of three and four characters seen once are left out.</summary>
    public static CharacterModel Train(IEnumerable<string> texts)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var word in texts.SelectMany(WordsOf))
        {
            for (var end = 1; end < word.Length; end++)
            {
                for (var length = 1; length <= Math.Min(Order, end + 1); length++)
                {
                    var gram = word.Substring(end + 1 - length, length);
                    counts[gram] = counts.GetValueOrDefault(gram) + 1;
                }
            }
        }

        return new CharacterModel(counts.Where(pair => pair.Key.Length <= 2 || pair.Value > 1).ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">A line is not an n-gram, a space and a count.</exception>
    public static CharacterModel Read(IEnumerable<string> lines)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space is < 1 or > Order)
                throw new FormatException($"\"{line}\" is not an n-gram with its count.");
            counts.Add(line[..space], int.Parse(line.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture));
        }

        return new CharacterModel(counts);
    }

    /// <summary>A line for each n-gram, in ordinal order.</summary>
    public IEnumerable<string> Write() =>
        _counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}");

    /// <summary>The words of a text in the model's alphabet, between spaces; words without letters are left out.</summary>
    public static IEnumerable<string> WordsOf(string text)
    {
        var folded = FoldedText.Of(text);
        foreach (var token in folded.EnumerateTokens())
        {
            if (token.Kind != TextTokenKind.Word)
                continue;
            if (InAlphabet(folded.StemOf(token)) is { } stem)
                yield return stem;
            if (token.HasSuffix && InAlphabet(folded.SuffixOf(token)) is { } suffix)
                yield return suffix;
        }
    }

    /// <summary>Natural logarithm of the word's probability.</summary>
    public double LogProbability(ReadOnlySpan<char> word)
    {
        var sum = 0.0;
        for (var end = 1; end < word.Length; end++)
            sum += Math.Log(Probability(word[Math.Max(0, end + 1 - Order)..(end + 1)]));
        return sum;
    }

    /// <summary>Probability of the last character of <paramref name="gram"/> after those before it.</summary>
    private double Probability(ReadOnlySpan<char> gram)
    {
        var probability = 1 / Alphabet;
        for (var start = gram.Length - 1; start >= 0; start--)
        {
            if (!_contextOf.TryGetValue(gram[start..^1], out var context))
                break;
            _countOf.TryGetValue(gram[start..], out var count);
            probability = (count + (context.Distinct * probability)) / (context.Total + context.Distinct);
        }

        return probability;
    }

    private static string? InAlphabet(ReadOnlySpan<char> token)
    {
        var word = new StringBuilder(token.Length + 2).Append(Space);
        var letters = false;
        foreach (var c in token)
        {
            if (char.IsAsciiLetterLower(c))
                word.Append(c);
            else if (char.IsLetter(c))
                word.Append(Else);
            else
                continue;
            letters = true;
        }

        return letters ? word.Append(Space).ToString() : null;
    }
}
