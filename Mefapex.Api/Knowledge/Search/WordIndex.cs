using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>
/// Finds the words that stand for another one without comparing it with all of them. Words that match, see
/// <see cref="Term.Match"/>, are the same, have the same stem, begin alike, or lie one slip apart; a slip leaves the
/// first or the last two letters of a word of five whole and its length the same to one. So every word is filed under those
/// parts of it.
/// </summary>
internal sealed class WordIndex
{
    /// <summary>Words whose matches are remembered.</summary>
    private const int MostRemembered = 50_000;

    private const int Beginning = 4;
    private const int End = 2;
    private const int ShortestWithSlip = 5;

    private readonly Vocabulary _vocabulary;
    private readonly Dictionary<int, List<int>> _filed = [];
    private readonly ConcurrentDictionary<Term, WordMatch[]> _matches = new();

    public WordIndex(Vocabulary vocabulary, IEnumerable<int> words)
    {
        _vocabulary = vocabulary;
        foreach (var word in words)
        {
            foreach (var part in PartsOf(vocabulary[word], slip: 0))
            {
                ref var filed = ref CollectionsMarshal.GetValueRefOrAddDefault(_filed, part, out _);
                (filed ??= []).Add(word);
            }
        }
    }

    /// <summary>All words that match, in the order of their numbers.</summary>
    public IReadOnlyList<WordMatch> Find(Term term)
    {
        if (_matches.TryGetValue(term, out var known))
            return known;
        if (_matches.Count >= MostRemembered)
            _matches.Clear();
        return _matches[term] = Compare(term);
    }

    private WordMatch[] Compare(Term term)
    {
        var near = new HashSet<int>();
        foreach (var part in PartsOf(term, slip: 1))
        {
            if (_filed.TryGetValue(part, out var words))
                near.UnionWith(words);
        }

        return
        [
            .. near.Select(word => new WordMatch(word, (float)term.Match(_vocabulary[word])))
                .Where(match => match.Likeness > 0)
                .OrderBy(match => match.Word),
        ];
    }

    /// <summary>Hashes: words that only share a hash are told apart by comparing them.</summary>
    /// <param name="slip">By how many letters a word may be longer or shorter.</param>
    private static HashSet<int> PartsOf(Term term, int slip)
    {
        var parts = new HashSet<int> { Part('=', term.Folded), Part('s', term.Stem), Part('p', term.Prefix) };
        if (term.Stem.Length >= Beginning)
            parts.Add(Part('b', term.Stem.AsSpan(0, Beginning)));
        foreach (var form in (string[])[term.Folded, term.Stem])
        {
            for (var length = Math.Max(ShortestWithSlip, form.Length - slip); form.Length >= ShortestWithSlip && length <= form.Length + slip; length++)
            {
                parts.Add(Part('<', form.AsSpan(0, End), length));
                parts.Add(Part('>', form.AsSpan(form.Length - End), length));
            }
        }

        return parts;
    }

    private static int Part(char kind, ReadOnlySpan<char> text, int length = 0) =>
        HashCode.Combine(kind, string.GetHashCode(text, StringComparison.Ordinal), length);
}

/// <summary>A word of the vocabulary that stands for another one.</summary>
/// <param name="Likeness">See <see cref="Term.Match"/>, above 0.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct WordMatch(int Word, float Likeness);
