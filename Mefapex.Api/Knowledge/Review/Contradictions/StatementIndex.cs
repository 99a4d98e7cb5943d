using Mefapex.Api.Knowledge.Search;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Review.Contradictions;

/// <summary>A sentence of an answer with what it states.</summary>
/// <param name="Words">Stems that tell its topic, values left out; each once.</param>
/// <param name="TitleWords">Those of its entry's title.</param>
/// <param name="Cases">Which of several like things it is about.</param>
internal sealed record Statement(
    string EntryId,
    string Language,
    string Title,
    string Text,
    Facts Facts,
    IReadOnlySet<string> Words,
    IReadOnlySet<string> TitleWords,
    IReadOnlySet<string> Cases)
{
    private static readonly string[] Ordinals =
        ["ilk|birinci|first|initial", "ikinci|second", "ucuncu|third", "a", "b", "c", "d", "son|last|final", "aylik|monthly", "yillik|annual|yearly"];

    public static IEnumerable<Statement> Of(string entryId, string language, string title, string answer)
    {
        var titleWords = WordsOf(title, language);
        return Statements.Of(answer).Select(statement =>
        {
            var facts = FactReader.Read(statement.Text, language);
            var whole = statement.Lead.Length > 0 ? $"{statement.Lead} {statement.Text}" : statement.Text;
            var words = WordsOf(statement.Lead.Length > 0 ? $"{FactReader.Read(statement.Lead, language).Rest} {facts.Rest}" : facts.Rest, language);
            return new Statement(entryId, language, title, whole, facts, words, titleWords, CasesOf($"{title} {whole}", language));
        });
    }

    /// <summary>Whether they speak of the first and of the second of something, or of shift A and shift B.</summary>
    public bool IsOfAnotherCase(Statement other) => Cases.Count > 0 && other.Cases.Count > 0 && !Cases.Overlaps(other.Cases);

    private static HashSet<string> WordsOf(string text, string language) =>
    [
        .. Term.Of(FoldedText.Of(text, language), language)
            .Where(t => !t.IsStopWord && t.Folded.Length > 1 && !char.IsAsciiDigit(t.Folded[0]))
            .Select(t => t.Stem),
    ];

    private static HashSet<string> CasesOf(string text, string language) =>
    [
        .. Term.Of(FoldedText.Of(text, language), language)
            .Select(t => Array.FindIndex(Ordinals, words => words.Split('|').Contains(t.Folded, StringComparer.Ordinal)))
            .Where(number => number >= 0)
            .Select(number => Ordinals[number]),
    ];
}

/// <summary>
/// Finds sentences on the same topic: the cosine of their words, weighed by rarity, and that of their titles. Two that
/// share no telling word and no weekday are never compared.
/// </summary>
internal sealed class StatementIndex
{
    private const double TitleShare = 0.4;

    /// <summary>What the same weekday is worth beside the words.</summary>
    private const double SameDay = 0.25;

    /// <summary>Words in more of the statements than this share tell nothing.</summary>
    private const double CommonShare = 0.1;
    private const int CommonAtLeast = 12;

    private readonly IReadOnlyList<Statement> _statements;
    private readonly Dictionary<Statement, (double Words, double Title)> _norms = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, List<int>> _withWord = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> _withDay = new(StringComparer.Ordinal);

    public StatementIndex(IReadOnlyList<Statement> statements)
    {
        _statements = statements;
        for (var i = 0; i < statements.Count; i++)
        {
            foreach (var word in statements[i].Words.Concat(statements[i].TitleWords).Distinct(StringComparer.Ordinal))
                Add(_withWord, word, i);
            if (statements[i].Facts.Days != 0)
                Add(_withDay, statements[i].Language, i);
        }

        foreach (var statement in statements)
            _norms[statement] = (Norm(statement.Words), Norm(statement.TitleWords));
    }

    /// <summary>Statements of other entries in the same language that may be on the topic.</summary>
    public IEnumerable<(Statement Other, double Similarity)> Near(Statement statement)
    {
        var most = Math.Max(CommonAtLeast, (int)(CommonShare * _statements.Count));
        var near = statement.Words.Concat(statement.TitleWords)
            .SelectMany(word => _withWord.GetValueOrDefault(word) is { } list && list.Count <= most ? list : []);
        if (statement.Facts.Days != 0)
            near = near.Concat(_withDay.GetValueOrDefault(statement.Language) ?? []);
        var keys = statement.Facts.All.Select(f => f.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var i in near.Distinct())
        {
            var other = _statements[i];
            if (other.EntryId != statement.EntryId && other.Language == statement.Language && other.Facts.All.Any(f => keys.Contains(f.Key)))
                yield return (other, Similarity(statement, other));
        }
    }

    public double Similarity(Statement a, Statement b)
    {
        var day = (a.Facts.Days & b.Facts.Days) != 0 && !IsEveryDay(a) && !IsEveryDay(b) ? SameDay : 0;
        var (left, right) = (_norms[a], _norms[b]);
        return ((1 - TitleShare) * Cosine(a.Words, b.Words, left.Words * right.Words))
            + (TitleShare * Cosine(a.TitleWords, b.TitleWords, left.Title * right.Title))
            + day;
    }

    private static bool IsEveryDay(Statement statement) => statement.Facts.Days == 0b1111111;

    private double Cosine(IReadOnlySet<string> a, IReadOnlySet<string> b, double norms)
    {
        var dot = 0.0;
        foreach (var word in a)
        {
            if (b.Contains(word))
                dot += Math.Pow(Rarity(word), 2);
        }

        return norms > 0 ? dot / norms : 0;
    }

    private double Norm(IReadOnlySet<string> words) => Math.Sqrt(words.Sum(word => Math.Pow(Rarity(word), 2)));

    private double Rarity(string word) =>
        Math.Log(1 + ((_statements.Count + 1.0) / ((_withWord.GetValueOrDefault(word)?.Count ?? 0) + 1.0)));

    private static void Add(Dictionary<string, List<int>> lists, string key, int number)
    {
        if (!lists.TryGetValue(key, out var list))
            lists[key] = list = [];
        list.Add(number);
    }
}
