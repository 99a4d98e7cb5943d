using System.Runtime.InteropServices;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Finds the terms of synonym groups in a text, whatever their endings.</summary>
internal sealed class SynonymIndex
{
    private readonly Dictionary<string, List<Phrase>> _byFirstStem = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<Term[][]> _groups;

    public SynonymIndex(IEnumerable<IReadOnlyList<string>> groups)
    {
        _groups = [.. groups.Select(terms => terms.Select(t => Term.Of(FoldedText.Of(t))).Where(t => t.Length > 0).ToArray())];
        for (var group = 0; group < _groups.Count; group++)
        {
            foreach (var terms in _groups[group])
            {
                if (!_byFirstStem.TryGetValue(terms[0].Stem, out var phrases))
                    _byFirstStem[terms[0].Stem] = phrases = [];
                phrases.Add(new Phrase(group, terms));
            }
        }
    }

    /// <summary>Every place where a term of a group stands.</summary>
    public List<SynonymSpan> Find(IReadOnlyList<Term> text)
    {
        var spans = new List<SynonymSpan>();
        for (var i = 0; i < text.Count; i++)
        {
            if (!_byFirstStem.TryGetValue(text[i].Stem, out var phrases))
                continue;
            foreach (var phrase in phrases)
            {
                if (StandsAt(phrase.Terms, text, i))
                    spans.Add(new SynonymSpan(phrase.Group, i, phrase.Terms.Length));
            }
        }

        return spans;
    }

    /// <summary>The words of all terms of the groups.</summary>
    public IEnumerable<Term> TermsOf(IEnumerable<SynonymSpan> spans) =>
        spans.Select(s => s.Group).Distinct().SelectMany(g => _groups[g]).SelectMany(t => t).DistinctBy(t => t.Folded, StringComparer.Ordinal);

    private static bool StandsAt(Term[] phrase, IReadOnlyList<Term> text, int start)
    {
        if (start + phrase.Length > text.Count)
            return false;
        for (var i = 1; i < phrase.Length; i++)
        {
            if (!string.Equals(phrase[i].Stem, text[start + i].Stem, StringComparison.Ordinal))
                return false;
        }

        return true;
    }

    private sealed record Phrase(int Group, Term[] Terms);
}

/// <summary>A term of a synonym group in a text.</summary>
/// <param name="Start">Index of its first word.</param>
/// <param name="Length">How many words it has.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SynonymSpan(int Group, int Start, int Length);
