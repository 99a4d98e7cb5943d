using System.Runtime.InteropServices;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Text;

namespace Mefapex.Inference.Embedding;

/// <summary>
/// A text as weighted rows of the encoder's table. Each distinct word gives itself between boundary marks
/// (<c>&lt;izin&gt;</c>) and the n-grams of that; repeated words count 1 + ln(times). The n-grams of a word together
/// weigh the same however long it is, and those near its beginning weigh more, for Turkish stems stand in front of
/// their suffixes.
/// </summary>
public sealed class SubwordFeatures
{
    /// <summary>Name of the folding that goes before; a change of <see cref="TurkishFolding"/> that changes features
    /// needs a new one.</summary>
    public const string Folding = "mefapex-turkish-1";

    /// <summary>Words after these many are not read.</summary>
    public const int MaxWords = 4096;

    /// <summary>Characters of a word after these many are not read.</summary>
    public const int MaxWordLength = 64;

    private readonly SubwordSettings _settings;
    private readonly double[] _decay;

    /// <summary>Features by <paramref name="settings"/>.</summary>
    /// <exception cref="ModelException">The settings name a hash or folding that this version does not have.</exception>
    public SubwordFeatures(SubwordSettings settings)
    {
        if (settings is not { Hash: StableHash.Name, Folding: Folding, Buckets: > 0, MinGram: > 0 } ||
            settings.MaxGram < settings.MinGram)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"the model needs sub-words of {settings}; this version makes those of hash {StableHash.Name} and folding " +
                $"{Folding}. Take a model and a program of the same release.");
        }

        _settings = settings;
        _decay = [.. Enumerable.Range(0, MaxWordLength + 2).Select(start => Math.Pow(settings.GramDecay, start))];
    }

    /// <summary>The rows, ascending and each once, with their weights; none for a text of white space.</summary>
    public (long[] Ids, float[] Weights) Of(string text)
    {
        var weights = new SortedDictionary<long, double>();
        foreach (var (word, count) in CountWords(text))
            AddWord(weights, word, count);
        return ([.. weights.Keys], [.. weights.Values.Select(weight => (float)weight)]);
    }

    private static Dictionary<string, int> CountWords(string text)
    {
        var folded = FoldedText.Of(text);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        var read = 0;
        foreach (var token in folded.EnumerateTokens())
        {
            var word = folded.StemOf(token);
            CollectionsMarshal.GetValueRefOrAddDefault(lookup, word[..Math.Min(word.Length, MaxWordLength)], out _)++;
            if (++read == MaxWords)
                break;
        }

        // A text of signs alone, such as an emoji, is one word of those signs.
        var signs = folded.Folded.AsSpan().Trim();
        if (read == 0 && signs.Length > 0)
            lookup[signs[..Math.Min(signs.Length, MaxWordLength)]] = 1;
        return counts;
    }

    private void AddWord(SortedDictionary<long, double> weights, string word, int count)
    {
        Span<char> marked = stackalloc char[MaxWordLength + 2];
        marked[0] = '<';
        word.CopyTo(marked[1..]);
        marked[word.Length + 1] = '>';
        marked = marked[..(word.Length + 2)];

        var importance = 1 + Math.Log(count);
        if (FunctionWords.Contains(word))
            importance *= _settings.FunctionWordWeight;
        Add(weights, marked, importance * _settings.WordWeight);

        var squares = 0.0;
        for (var length = _settings.MinGram; length <= Math.Min(_settings.MaxGram, marked.Length - 1); length++)
        {
            for (var start = 0; start + length <= marked.Length; start++)
                squares += _decay[start] * _decay[start];
        }

        var scale = importance * _settings.GramWeight / Math.Sqrt(squares);
        for (var length = _settings.MinGram; length <= Math.Min(_settings.MaxGram, marked.Length - 1); length++)
        {
            for (var start = 0; start + length <= marked.Length; start++)
                Add(weights, marked.Slice(start, length), scale * _decay[start]);
        }
    }

    private void Add(SortedDictionary<long, double> weights, ReadOnlySpan<char> feature, double weight)
    {
        var id = (long)(StableHash.Of(feature) % (ulong)_settings.Buckets);
        weights[id] = weights.GetValueOrDefault(id) + weight;
    }
}
