using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>A tenant's published knowledge at one version, prepared for comparing questions with it.</summary>
internal sealed class KnowledgeSnapshot
{
    private const double StopWordShare = 0.15;
    private const double QuestionWordRarity = 1;

    private readonly Dictionary<string, int> _entriesWithStem = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _phrasesWithGram = [];
    private readonly int _phraseCount;

    public KnowledgeSnapshot(
        KnowledgeBase knowledge,
        IReadOnlyCollection<KnowledgeEntry> entries,
        IEnumerable<SynonymGroup> synonyms,
        bool hasPassages)
    {
        HasPassages = hasPassages;
        TenantId = knowledge.TenantId;
        Version = knowledge.Version;
        ContactTr = knowledge.ContactTr;
        ContactEn = knowledge.ContactEn;
        Synonyms = new SynonymIndex(synonyms.OrderBy(g => g.Position).Select(g => g.Terms));
        Entries = entries
            .Select(e => new EntryDocument(e, Synonyms, Vocabulary))
            .ToFrozenDictionary(e => e.Id, StringComparer.Ordinal);

        foreach (var entry in Entries.Values)
        {
            foreach (var stem in entry.Everywhere.Select(word => Vocabulary[word].Stem).Distinct(StringComparer.Ordinal))
                CollectionsMarshal.GetValueRefOrAddDefault(_entriesWithStem, stem, out _)++;
            foreach (var phrase in entry.Phrases)
            {
                _phraseCount++;
                foreach (var gram in phrase.Grams)
                    CollectionsMarshal.GetValueRefOrAddDefault(_phrasesWithGram, gram.Hash, out _)++;
            }
        }

        Urgent = new UrgentWords(Entries.Values, Vocabulary);
        foreach (var phrase in Entries.Values.SelectMany(e => e.Phrases))
        {
            phrase.Rarity = Array.ConvertAll(phrase.Words, word => WeightOf(Vocabulary[word]).Rarity);
            phrase.GramNorm = Math.Sqrt(phrase.Grams.Sum(g => Math.Pow(g.Count * GramWeight(g.Hash), 2)));
        }
    }

    /// <summary>Of a tenant about which nothing is known.</summary>
    public static KnowledgeSnapshot Empty(Guid tenantId) => new(
        new KnowledgeBase { TenantId = tenantId, Version = 0, ContactTr = "", ContactEn = "", UpdatedAt = default }, [], [], hasPassages: false);

    public Guid TenantId { get; }

    /// <summary>Whether the tenant has documents that are searched.</summary>
    public bool HasPassages { get; }

    /// <summary>How many titles and questions there are.</summary>
    public int Phrases => _phraseCount;

    public long Version { get; }

    public string ContactTr { get; }

    public string ContactEn { get; }

    public SynonymIndex Synonyms { get; }

    /// <summary>Every word of every entry; entries refer to words by their number in it.</summary>
    public Vocabulary Vocabulary { get; } = new();

    public FrozenDictionary<string, EntryDocument> Entries { get; }

    public UrgentWords Urgent { get; }

    /// <summary>How much a word tells about the entry it stands in (inverse document frequency), and how well the
    /// knowledge knows it: 1 the word itself, less for a similar one, 0 for an unknown one.</summary>
    public TermWeight WeightOf(Term term)
    {
        var known = 1.0;
        if (!_entriesWithStem.TryGetValue(term.Stem, out var entries))
        {
            known = 0;
            foreach (var word in Vocabulary)
            {
                var match = term.Match(word);
                if (match > known)
                    (known, entries) = (match, _entriesWithStem[word.Stem]);
            }
        }

        var rarity = Math.Log(1 + ((Entries.Count - entries + 0.5) / (entries + 0.5)));
        if (term.IsQuestionWord)
            rarity = Math.Max(rarity, QuestionWordRarity);
        return new TermWeight(term.IsStopWord ? rarity * StopWordShare : rarity, known);
    }

    /// <summary>Inverse phrase frequency of a character sequence.</summary>
    public double GramWeight(int gram) =>
        Math.Log(1 + ((_phraseCount + 1.0) / (_phrasesWithGram.GetValueOrDefault(gram) + 1.0)));
}

/// <param name="Rarity">0 and more.</param>
/// <param name="Known">0 to 1.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TermWeight(double Rarity, double Known);
