using System.Text;
using Mefapex.Inference.Text;

namespace Mefapex.Inference.Training;

/// <summary>Changes a sentence as people do and its meaning does not: typing errors, words left out, words replaced by
/// an equal term of a glossary in either language. Letter case and diacritics need no noise, the encoder folds them.</summary>
internal sealed class SentenceNoise
{
    private const int ShortestStem = 4;
    private const int LongestSuffix = 5;
    private const int FewestWords = 4;

    private readonly EncoderTrainingOptions _options;
    private readonly Dictionary<string, List<(IReadOnlyList<string> Same, IReadOnlyList<string> Other)>> _terms =
        new(StringComparer.Ordinal);

    public SentenceNoise(EncoderTrainingOptions options, IEnumerable<GlossaryTerm> glossary)
    {
        _options = options;
        foreach (var term in glossary)
        {
            foreach (var word in term.Turkish)
                AddTerm(word, term.Turkish, term.English);
            foreach (var word in term.English)
                AddTerm(word, term.English, term.Turkish);
        }
    }

    public string Apply(string sentence, Random random)
    {
        var words = sentence.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var noisy = new StringBuilder(sentence.Length + 16);
        foreach (var word in words)
        {
            if (words.Length >= FewestWords && random.NextDouble() < _options.WordDropout)
                continue;
            noisy.Append(noisy.Length > 0 ? " " : "").Append(Change(word, random));
        }

        return noisy.Length > 0 ? noisy.ToString() : sentence;
    }

    private string Change(string word, Random random)
    {
        if (random.NextDouble() < _options.SynonymRate)
            return Synonym(word, random);
        return word.Length >= ShortestStem && random.NextDouble() < _options.TypoRate ? Typo(word, random) : word;
    }

    /// <summary>Another term of the same meaning; a term of the same language keeps the word's suffix.</summary>
    private string Synonym(string word, Random random)
    {
        var folded = TurkishFolding.Fold(word).Trim('?', '.', ',', '!');
        for (var length = folded.Length; length > Math.Max(0, folded.Length - LongestSuffix - 1); length--)
        {
            if (length < folded.Length && length < ShortestStem)
                break;
            if (!_terms.TryGetValue(folded[..length], out var meanings))
                continue;
            var (same, other) = meanings[random.Next(meanings.Count)];
            return random.Next(2) == 0
                ? same[random.Next(same.Count)] + folded[length..]
                : other[random.Next(other.Count)];
        }

        return word;
    }

    /// <summary>A letter left out, swapped with the next, doubled, or replaced.</summary>
    private static string Typo(string word, Random random)
    {
        var at = random.Next(word.Length - 1);
        return random.Next(4) switch
        {
            0 => word.Remove(at, 1),
            1 => $"{word[..at]}{word[at + 1]}{word[at]}{word[(at + 2)..]}",
            2 => word.Insert(at, word[at].ToString()),
            _ => $"{word[..at]}{(char)('a' + random.Next(26))}{word[(at + 1)..]}",
        };
    }

    private void AddTerm(string term, IReadOnlyList<string> same, IReadOnlyList<string> other)
    {
        var key = TurkishFolding.Fold(term);
        if (key.Length < 3 || key.Contains(' ', StringComparison.Ordinal))
            return;
        if (!_terms.TryGetValue(key, out var meanings))
            _terms[key] = meanings = [];
        meanings.Add((same, other));
    }
}
