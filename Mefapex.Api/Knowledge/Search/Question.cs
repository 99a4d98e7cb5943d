using System.Collections.Frozen;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>A question prepared for searching one snapshot.</summary>
internal sealed class Question
{
    /// <summary>A word that the knowledge knows less well may be a slip, see <see cref="TermWeight"/>.</summary>
    private const double Familiar = 0.9;
    private const int MostAlike = 4;

    public Question(string text, string language, KnowledgeSnapshot snapshot)
    {
        var folded = FoldedText.Of(text, language);
        Folded = folded.Key;
        Keywords = folded.Lower;
        Terms = Term.Of(text, language);
        Weights = Array.ConvertAll(Terms, snapshot.WeightOf);
        Spans = snapshot.Synonyms.Find(Terms);
        Groups = Spans.Select(s => s.Group).ToFrozenSet();
        Grams = CharacterGrams.Of(Folded);
        GramNorm = Math.Sqrt(Grams.Sum(g => Math.Pow(g.Value * snapshot.GramWeight(g.Key), 2)));
        SearchKeys = MakeSearchKeys(snapshot);
    }

    /// <summary>Equal for questions that differ only in case, diacritics, punctuation and spacing.</summary>
    public string Folded { get; }

    /// <summary>Lower case with diacritics, for PostgreSQL's stemming.</summary>
    public string Keywords { get; }

    public Term[] Terms { get; }

    /// <summary>One for each of <see cref="Terms"/>.</summary>
    public TermWeight[] Weights { get; }

    public IReadOnlyList<SynonymSpan> Spans { get; }

    public FrozenSet<int> Groups { get; }

    public Dictionary<int, int> Grams { get; }

    public double GramNorm { get; }

    /// <summary>What to look for in the folded full text.</summary>
    public IReadOnlyList<SearchKey> SearchKeys { get; }

    /// <summary>The share of the question's weight that no word of the tenant's knowledge stands for, 0 to 1.</summary>
    public double UnknownShare
    {
        get
        {
            var all = Weights.Sum(w => w.Rarity);
            return all > 0 ? Weights.Sum(w => w.Rarity * (1 - w.Known)) / all : 1;
        }
    }

    /// <summary>How unknown the least known of the telling words is, 0 to 1.</summary>
    public double MostTellingUnknown => Terms.Zip(Weights)
        .Where(t => !t.First.IsStopWord)
        .Select(t => 1 - t.Second.Known)
        .DefaultIfEmpty(1)
        .Max();

    /// <summary>The words of the knowledge that are most like a word, which may be a slip for one of them.</summary>
    private static List<Term> Alike(Term term, KnowledgeSnapshot snapshot) =>
    [
        .. snapshot.MatchesOf(term)
            .OrderByDescending(m => m.Likeness)
            .Take(MostAlike)
            .Select(m => snapshot.Vocabulary[m.Word]),
    ];

    /// <summary>Each telling word, and less the words that stand for it; all words when none is telling.</summary>
    private List<SearchKey> MakeSearchKeys(KnowledgeSnapshot snapshot)
    {
        var synonyms = snapshot.Synonyms;
        var keys = new List<SearchKey>();
        var telling = Terms.Any(t => !t.IsStopWord);
        for (var term = 0; term < Terms.Length; term++)
        {
            var spans = Spans.Where(s => term >= s.Start && term < s.Start + s.Length).ToList();
            if (!telling || !Terms[term].IsStopWord)
                keys.Add(SearchKey.Of(term, [Terms[term]], Weights[term].Rarity, isSynonym: false));
            if (snapshot.HasManyPhrases && Weights[term].Known is > 0 and < Familiar && !Terms[term].IsStopWord)
                keys.Add(SearchKey.Of(term, Alike(Terms[term], snapshot), Weights[term].Rarity * Weights[term].Known, isSynonym: true));
            foreach (var strength in spans.GroupBy(s => synonyms.StrengthOf(s.Group)))
            {
                var words = synonyms.TermsOf(strength).ToList();
                if (words.Count > 0)
                    keys.Add(SearchKey.Of(term, words, Weights[term].Rarity * strength.Key, isSynonym: true));
            }
        }

        return keys;
    }
}
