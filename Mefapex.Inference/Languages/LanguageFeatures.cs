using System.Runtime.InteropServices;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Text;

namespace Mefapex.Inference.Languages;

/// <summary>
/// A text as weighted rows of the language model's table: each word between boundary marks (<c>&lt;der&gt;</c>), its
/// character n-grams, and the script of its letters. Weights are counts over the square root of their sum, so that longer
/// texts give more evidence, but less of it for each word.
/// </summary>
internal sealed class LanguageFeatures
{
    /// <summary>Characters of a text after these many are not read.</summary>
    public const int LongestText = 2000;

    private const int LongestWord = 40;

    private readonly CharacterGramSettings _settings;

    public LanguageFeatures(CharacterGramSettings settings)
    {
        if (settings is not { Hash: StableHash.Name, Buckets: > 0, MinGram: > 0 } || settings.MaxGram < settings.MinGram)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"the language model needs character n-grams of {settings}; this version makes those of hash {StableHash.Name}. " +
                "Take a model and a program of the same release.");
        }

        _settings = settings;
    }

    /// <summary>The rows, ascending and each once; none for a text without letters.</summary>
    public (long[] Ids, float[] Weights) Of(string text)
    {
        var beginning = text.Length > LongestText ? text[..LongestText] : text;
        var counts = new SortedDictionary<long, float>();
        foreach (var word in WordsOf(beginning))
            AddWord(counts, word);
        var length = MathF.Sqrt(counts.Values.Sum());
        return ([.. counts.Keys], [.. counts.Values.Select(count => count / length)]);
    }

    /// <summary>The runs of letters, in lower case with their diacritics.</summary>
    public static IEnumerable<string> WordsOf(string text)
    {
        // The English rule: I and i are one letter, so that capitals do not tell Turkish from the others.
        var lower = TurkishFolding.Lower(text, "en");
        var start = -1;
        for (var i = 0; i <= lower.Length; i++)
        {
            var inside = i < lower.Length &&
                (char.IsLetter(lower[i]) || char.IsSurrogate(lower[i]) ||
                 (start >= 0 && (char.GetUnicodeCategory(lower[i]) is System.Globalization.UnicodeCategory.NonSpacingMark)));
            if (inside && start < 0)
                start = i;
            if (inside || start < 0)
                continue;
            var word = lower[start..i];
            start = -1;
            if (word.Any(char.IsLetter))
                yield return word[..Math.Min(word.Length, LongestWord)];
        }
    }

    private void AddWord(SortedDictionary<long, float> counts, string word)
    {
        var marked = $"<{word}>".AsSpan();
        Add(counts, marked);
        for (var length = _settings.MinGram; length <= Math.Min(_settings.MaxGram, marked.Length - 1); length++)
        {
            for (var start = 0; start + length <= marked.Length; start++)
                Add(counts, marked.Slice(start, length));
        }

        foreach (var letter in word)
            Add(counts, ScriptOf(letter));
    }

    private void Add(SortedDictionary<long, float> counts, ReadOnlySpan<char> feature)
    {
        var row = (long)(StableHash.Of(feature) % (ulong)_settings.Buckets);
        counts[row] = counts.GetValueOrDefault(row) + 1;
    }

    /// <summary>By Unicode blocks; a name that is no n-gram, for those hold no space.</summary>
    private static string ScriptOf(char letter) => letter switch
    {
        < '\u0250' => "script latin",
        >= '\u0370' and < '\u0400' => "script greek",
        >= '\u0400' and < '\u0530' => "script cyrillic",
        >= '\u0600' and < '\u0780' => "script arabic",
        _ => "script other",
    };
}
