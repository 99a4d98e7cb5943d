using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>A question prepared for searching one snapshot.</summary>
internal sealed class Question
{
    public Question(string text, KnowledgeSnapshot snapshot)
    {
        var folded = FoldedText.Of(text);
        Folded = folded.Key;
        Keywords = folded.Lower;
        Terms = Term.Of(folded);
        Weights = [.. Terms.Select(snapshot.WeightOf)];
        Spans = snapshot.Synonyms.Find(Terms);
        Grams = CharacterGrams.Of(Folded);
        FoldedQuery = SearchKeys.Query([.. SearchTerms, .. snapshot.Synonyms.TermsOf(Spans)]);
    }

    /// <summary>Equal for questions that differ only in case, diacritics, punctuation and spacing.</summary>
    public string Folded { get; }

    /// <summary>Lower case with diacritics, for PostgreSQL's stemming.</summary>
    public string Keywords { get; }

    public Term[] Terms { get; }

    /// <summary>One for each of <see cref="Terms"/>.</summary>
    public TermWeight[] Weights { get; }

    public IReadOnlyList<SynonymSpan> Spans { get; }

    public Dictionary<int, int> Grams { get; }

    /// <summary>A tsquery over folded keys of the telling words and their synonyms; null without any.</summary>
    public string? FoldedQuery { get; }

    /// <summary>The share of the question's weight that no word of the tenant's knowledge stands for, 0 to 1.</summary>
    public double UnknownShare
    {
        get
        {
            var all = Weights.Sum(w => w.Rarity);
            return all > 0 ? Weights.Sum(w => w.Rarity * (1 - w.Known)) / all : 1;
        }
    }

    private IEnumerable<Term> SearchTerms
    {
        get
        {
            var telling = Terms.Where(t => !t.IsStopWord).ToList();
            return telling.Count > 0 ? telling : Terms;
        }
    }
}
