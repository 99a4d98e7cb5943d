using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>A tenant's published knowledge at one version, prepared for comparing questions with it.</summary>
internal sealed record KnowledgeSnapshot
{
    private const double StopWordShare = 0.15;
    private const double QuestionWordRarity = 1;
    private const int ManyPhrases = 8000;

    private readonly Dictionary<string, int> _entriesWithStem = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _phrasesWithGram = [];
    private readonly WordIndex _words;
    private readonly double[] _rarity;
    private readonly double[] _gramNorms;

    public KnowledgeSnapshot(
        KnowledgeBase knowledge,
        IReadOnlyCollection<KnowledgeEntry> entries,
        IEnumerable<SynonymGroup> synonyms,
        bool hasPassages)
        : this(knowledge, new SynonymIndex(synonyms.OrderBy(g => g.Position).Select(g => g.Terms)), new Vocabulary(), [], entries, hasPassages)
    {
    }

    /// <summary>The next snapshot with the same synonyms: takes over the entries that stay as they are.</summary>
    /// <param name="changed">Entries that are new or say something else.</param>
    /// <param name="staying">Ids of the other ones.</param>
    public KnowledgeSnapshot(
        KnowledgeSnapshot previous,
        KnowledgeBase knowledge,
        IReadOnlyCollection<KnowledgeEntry> changed,
        IReadOnlySet<string> staying,
        bool hasPassages)
        : this(knowledge, previous.Synonyms, previous.Vocabulary, previous.Entries.Values.Where(e => staying.Contains(e.Id)), changed, hasPassages)
    {
    }

    private KnowledgeSnapshot(
        KnowledgeBase knowledge,
        SynonymIndex synonyms,
        Vocabulary vocabulary,
        IEnumerable<EntryDocument> kept,
        IReadOnlyCollection<KnowledgeEntry> entries,
        bool hasPassages)
    {
        HasPassages = hasPassages;
        TenantId = knowledge.TenantId;
        Version = knowledge.Version;
        ContactTr = knowledge.ContactTr;
        ContactEn = knowledge.ContactEn;
        Synonyms = synonyms;
        Vocabulary = vocabulary;
        Entries = kept.Concat(entries.Select(e => new EntryDocument(e, Synonyms, Vocabulary)))
            .ToFrozenDictionary(e => e.Id, StringComparer.Ordinal);

        var used = new HashSet<int>();
        foreach (var entry in Entries.Values)
        {
            used.UnionWith(entry.Everywhere);
            foreach (var stem in entry.Everywhere.Select(word => Vocabulary[word].Stem).Distinct(StringComparer.Ordinal))
                CollectionsMarshal.GetValueRefOrAddDefault(_entriesWithStem, stem, out _)++;
            foreach (var phrase in entry.Phrases)
            {
                Phrases++;
                foreach (var gram in phrase.Grams)
                    CollectionsMarshal.GetValueRefOrAddDefault(_phrasesWithGram, gram.Hash, out _)++;
            }
        }

        Urgent = new UrgentWords(Entries.Values, Vocabulary);
        _words = new WordIndex(Vocabulary, used.Order());
        _rarity = new double[Vocabulary.Count];
        foreach (var word in used)
            _rarity[word] = WeightOf(Vocabulary[word]).Rarity;
        _gramNorms = new double[Vocabulary.Phrases];
    }

    /// <summary>Of a tenant about which nothing is known.</summary>
    public static KnowledgeSnapshot Empty(Guid tenantId) => new(
        new KnowledgeBase { TenantId = tenantId, Version = 0, ContactTr = "", ContactEn = "", UpdatedAt = default }, [], [], hasPassages: false);

    public Guid TenantId { get; private init; }

    /// <summary>Whether the tenant has documents that are searched.</summary>
    public bool HasPassages { get; private init; }

    /// <summary>How many titles and questions there are.</summary>
    public int Phrases { get; }

    /// <summary>Whether they are so many that PostgreSQL's comparison of trigrams would take longer than everything else; then
    /// words with slips are looked for as the words of the knowledge that are like them.</summary>
    public bool HasManyPhrases => Phrases > ManyPhrases;

    /// <summary>Whether numbers that no entry has any more are so many that a snapshot should be made from the beginning.</summary>
    public bool IsWorn => Vocabulary.Phrases > 1000 + (2 * Phrases);

    public long Version { get; private init; }

    public string ContactTr { get; private init; }

    public string ContactEn { get; private init; }

    public SynonymIndex Synonyms { get; }

    /// <summary>Every word of every entry; entries refer to words by their number in it.</summary>
    public Vocabulary Vocabulary { get; }

    public FrozenDictionary<string, EntryDocument> Entries { get; }

    public UrgentWords Urgent { get; }

    /// <summary>The next snapshot with the same synonyms and entries.</summary>
    public KnowledgeSnapshot With(KnowledgeBase knowledge, bool hasPassages) => this with
    {
        Version = knowledge.Version,
        ContactTr = knowledge.ContactTr,
        ContactEn = knowledge.ContactEn,
        HasPassages = hasPassages,
    };

    /// <summary>How much a word tells about the entry it stands in (inverse document frequency), and how well the
    /// knowledge knows it: 1 the word itself, less for a similar one, 0 for an unknown one.</summary>
    public TermWeight WeightOf(Term term)
    {
        var known = 1.0;
        if (!_entriesWithStem.TryGetValue(term.Stem, out var entries))
        {
            known = 0;
            foreach (var (word, likeness) in MatchesOf(term))
            {
                if (likeness > known)
                    (known, entries) = (likeness, _entriesWithStem[Vocabulary[word].Stem]);
            }
        }

        var rarity = Math.Log(1 + ((Entries.Count - entries + 0.5) / (entries + 0.5)));
        if (term.IsQuestionWord)
            rarity = Math.Max(rarity, QuestionWordRarity);
        return new TermWeight(term.IsStopWord ? rarity * StopWordShare : rarity, known);
    }

    /// <summary>The words of the knowledge that stand for a word.</summary>
    public IReadOnlyList<WordMatch> MatchesOf(Term term) => _words.Find(term);

    /// <summary>See <see cref="TermWeight.Rarity"/>.</summary>
    /// <param name="word">Number of a word of an entry.</param>
    public double RarityOf(int word) => _rarity[word];

    /// <summary>Length of the weighted vector of a phrase's <see cref="Phrase.Grams"/>, found on first use.</summary>
    public double GramNormOf(Phrase phrase)
    {
        var norm = _gramNorms[phrase.Number];
        if (norm == 0)
            _gramNorms[phrase.Number] = norm = Math.Sqrt(phrase.Grams.Sum(g => Math.Pow(g.Count * GramWeight(g.Hash), 2)));
        return norm;
    }

    /// <summary>Inverse phrase frequency of a character sequence.</summary>
    public double GramWeight(int gram) =>
        Math.Log(1 + ((Phrases + 1.0) / (_phrasesWithGram.GetValueOrDefault(gram) + 1.0)));
}

/// <param name="Rarity">0 and more.</param>
/// <param name="Known">0 to 1.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TermWeight(double Rarity, double Known)
{
    /// <summary>A weight by which the rarest words count most.</summary>
    public double Telling => Rarity * Rarity * Rarity;
}
