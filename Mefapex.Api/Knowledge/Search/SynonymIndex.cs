using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Finds the terms of synonym groups in a text, whatever their endings.</summary>
internal sealed class SynonymIndex
{
    /// <summary>How well terms of a group stand for each other: the tenant's own, and the everyday vocabulary.</summary>
    private const double OwnStrength = 0.85;
    private const double VocabularyStrength = 0.7;

    private static readonly string[] Languages = ["tr", "en"];
    private static readonly string[][] Vocabulary = ReadVocabulary();

    private readonly Dictionary<string, List<SynonymTerm>> _byFirstStem = new(StringComparer.Ordinal);
    private readonly Term[][][] _groups;
    private readonly int _own;

    /// <param name="own">The tenant's groups; the everyday vocabulary follows them.</param>
    public SynonymIndex(IEnumerable<IReadOnlyList<string>> own)
    {
        IReadOnlyList<string>[] groups = [.. own, .. Vocabulary];
        _own = groups.Length - Vocabulary.Length;
        // A term does not say its language, so it is looked up under its stem in both.
        _groups = Array.ConvertAll(groups, terms => terms
            .SelectMany(term => Languages.Select(language => Term.Of(term, language)))
            .Where(term => term.Length > 0)
            .DistinctBy(term => string.Join(' ', term.Select(t => t.Stem)), StringComparer.Ordinal)
            .ToArray());
        for (var group = 0; group < _groups.Length; group++)
        {
            foreach (var terms in _groups[group])
            {
                if (!_byFirstStem.TryGetValue(terms[0].Stem, out var phrases))
                    _byFirstStem[terms[0].Stem] = phrases = [];
                phrases.Add(new SynonymTerm(group, terms));
            }
        }
    }

    public double StrengthOf(int group) => group < _own ? OwnStrength : VocabularyStrength;

    /// <summary>Every place where a term of a group stands.</summary>
    public List<SynonymSpan> Find(IReadOnlyList<Term> text)
    {
        var spans = new List<SynonymSpan>();
        for (var i = 0; i < text.Count; i++)
        {
            foreach (var synonym in BeginningWith(text[i]))
            {
                if (synonym.StandsAt(text, i))
                    spans.Add(new SynonymSpan(synonym.Group, i, synonym.Words.Length));
            }
        }

        return spans;
    }

    /// <summary>The terms whose first word this is.</summary>
    public IReadOnlyList<SynonymTerm> BeginningWith(Term word) => _byFirstStem.TryGetValue(word.Stem, out var terms) ? terms : [];

    /// <summary>The words of all terms of the groups.</summary>
    public IEnumerable<Term> TermsOf(IEnumerable<SynonymSpan> spans) =>
        spans.Select(s => s.Group).Distinct().SelectMany(g => _groups[g]).SelectMany(t => t)
            .Where(t => t is { IsStopWord: false, IsQuestionWord: false })
            .DistinctBy(t => t.Stem, StringComparer.Ordinal);

    /// <summary><c>vocabulary.txt</c>: a group a line, its terms between commas.</summary>
    private static string[][] ReadVocabulary()
    {
        var name = $"{typeof(SynonymIndex).Namespace}.vocabulary.txt";
        using var stream = typeof(SynonymIndex).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return
        [
            .. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Where(line => line[0] != '#')
                .Select(line => line.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
        ];
    }
}

/// <summary>A term of a synonym group.</summary>
/// <param name="Words">One or more.</param>
internal sealed record SynonymTerm(int Group, Term[] Words)
{
    /// <summary>Whether a text, whose word at the start is the term's first, goes on as the term does.</summary>
    public bool StandsAt(IReadOnlyList<Term> text, int start)
    {
        if (start + Words.Length > text.Count)
            return false;
        for (var i = 1; i < Words.Length; i++)
        {
            if (!string.Equals(Words[i].Stem, text[start + i].Stem, StringComparison.Ordinal))
                return false;
        }

        return true;
    }
}

/// <summary>A term of a synonym group in a text.</summary>
/// <param name="Start">Index of its first word.</param>
/// <param name="Length">How many words it has.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SynonymSpan(int Group, int Start, int Length);
