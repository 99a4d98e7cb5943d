using System.Collections.Frozen;
using System.Runtime.InteropServices;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>A tenant's published knowledge at one version, prepared for comparing questions with it.</summary>
internal sealed class KnowledgeSnapshot
{
    private readonly FrozenDictionary<string, int> _entriesWithStem;
    private readonly FrozenDictionary<int, int> _phrasesWithGram;
    private readonly Term[] _vocabulary;
    private readonly int _phraseCount;

    public KnowledgeSnapshot(
        KnowledgeBase knowledge,
        IEnumerable<KnowledgeEntry> entries,
        IEnumerable<SynonymGroup> synonyms)
    {
        TenantId = knowledge.TenantId;
        Version = knowledge.Version;
        ContactTr = knowledge.ContactTr;
        ContactEn = knowledge.ContactEn;
        Synonyms = new SynonymIndex(synonyms.OrderBy(g => g.Position).Select(g => g.Terms));
        Entries = entries.Select(e => new EntryDocument(e, Synonyms)).ToFrozenDictionary(e => e.Id, StringComparer.Ordinal);

        var entriesWithStem = new Dictionary<string, int>(StringComparer.Ordinal);
        var vocabulary = new Dictionary<string, Term>(StringComparer.Ordinal);
        var phrasesWithGram = new Dictionary<int, int>();
        foreach (var entry in Entries.Values)
        {
            foreach (var term in entry.AllTerms.DistinctBy(t => t.Stem, StringComparer.Ordinal))
                entriesWithStem[term.Stem] = entriesWithStem.GetValueOrDefault(term.Stem) + 1;
            foreach (var term in entry.AllTerms)
                vocabulary.TryAdd(term.Folded, term);
            foreach (var phrase in entry.Phrases)
            {
                _phraseCount++;
                foreach (var gram in CharacterGrams.Of(phrase.Folded).Keys)
                    phrasesWithGram[gram] = phrasesWithGram.GetValueOrDefault(gram) + 1;
            }
        }

        _entriesWithStem = entriesWithStem.ToFrozenDictionary(StringComparer.Ordinal);
        _phrasesWithGram = phrasesWithGram.ToFrozenDictionary();
        _vocabulary = [.. vocabulary.Values.OrderBy(t => t.Folded, StringComparer.Ordinal)];
    }

    public Guid TenantId { get; }

    public long Version { get; }

    public string ContactTr { get; }

    public string ContactEn { get; }

    public SynonymIndex Synonyms { get; }

    public FrozenDictionary<string, EntryDocument> Entries { get; }

    /// <summary>How much a word tells about the entry it stands in (inverse document frequency), and how well the
    /// knowledge knows it: 1 the word itself, less for a similar one, 0 for an unknown one.</summary>
    public TermWeight WeightOf(Term term)
    {
        var known = 1.0;
        if (!_entriesWithStem.TryGetValue(term.Stem, out var entries))
        {
            known = 0;
            foreach (var word in _vocabulary)
            {
                var match = term.Match(word);
                if (match <= known)
                    continue;
                known = match;
                entries = _entriesWithStem[word.Stem];
            }
        }

        var rarity = Math.Log(1 + ((Entries.Count - entries + 0.5) / (entries + 0.5)));
        return new TermWeight(term.IsStopWord ? rarity * 0.15 : rarity, known);
    }

    /// <summary>Inverse phrase frequency of a character sequence.</summary>
    public double GramWeight(int gram) =>
        Math.Log(1 + ((_phraseCount + 1.0) / (_phrasesWithGram.GetValueOrDefault(gram) + 1.0)));
}

/// <param name="Rarity">0 and more.</param>
/// <param name="Known">0 to 1.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TermWeight(double Rarity, double Known);

/// <summary>An entry as questions are compared with it.</summary>
internal sealed class EntryDocument
{
    public EntryDocument(KnowledgeEntry entry, SynonymIndex synonyms)
    {
        Id = entry.Id;
        Category = entry.Category;
        Owner = entry.Owner;
        ValidFrom = entry.ValidFrom;
        Texts = entry.Texts.ToFrozenDictionary(t => t.Language, StringComparer.Ordinal);
        Phrases =
        [
            .. entry.Texts.OrderBy(t => t.Language, StringComparer.Ordinal).Select(t => new Phrase(t.Title, t.Language, synonyms)),
            .. entry.Questions.OrderBy(q => q.Language, StringComparer.Ordinal).ThenBy(q => q.Position)
                .Select(q => new Phrase(q.Text, q.Language, synonyms)),
        ];
        Labels = new Phrase(string.Join(' ', entry.Tags.Append(entry.Category)), "tr", synonyms);
        Answers = [.. entry.Texts.OrderBy(t => t.Language, StringComparer.Ordinal).Select(t => new Phrase(t.Answer, t.Language, synonyms))];
    }

    public string Id { get; }

    public string Category { get; }

    public string Owner { get; }

    public DateOnly ValidFrom { get; }

    /// <summary>By language.</summary>
    public FrozenDictionary<string, KnowledgeText> Texts { get; }

    /// <summary>Titles and questions of every language.</summary>
    public IReadOnlyList<Phrase> Phrases { get; }

    /// <summary>Tags and category.</summary>
    public Phrase Labels { get; }

    public IReadOnlyList<Phrase> Answers { get; }

    public IEnumerable<Term> AllTerms => Phrases.Append(Labels).Concat(Answers).SelectMany(p => p.Terms);

    /// <summary>The text in the wanted language, else the Turkish one, else any.</summary>
    public KnowledgeText TextIn(string language) =>
        Texts.GetValueOrDefault(language) ?? Texts.GetValueOrDefault("tr") ?? Texts.Values[0];
}

/// <summary>A text cut into comparable words.</summary>
internal sealed class Phrase
{
    public Phrase(string text, string language, SynonymIndex synonyms)
    {
        var folded = FoldedText.Of(text, language);
        Folded = folded.Key;
        Terms = Term.Of(folded);
        Spans = synonyms.Find(Terms);
        Groups = Spans.Select(s => s.Group).ToFrozenSet();
    }

    public string Folded { get; }

    public Term[] Terms { get; }

    public IReadOnlyList<SynonymSpan> Spans { get; }

    /// <summary>Synonym groups with a term in the text.</summary>
    public FrozenSet<int> Groups { get; }
}
