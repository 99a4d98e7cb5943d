using System.Collections.Frozen;
using System.Runtime.InteropServices;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>An entry as questions are compared with it; it does not change, so snapshots share it.</summary>
internal sealed class EntryDocument
{
    /// <summary>Editors put it on entries about situations that need a person at once.</summary>
    public const string UrgentTag = "acil";

    public EntryDocument(KnowledgeEntry entry, SynonymIndex synonyms, Vocabulary vocabulary)
    {
        Id = entry.Id;
        Category = entry.Category;
        Owner = entry.Owner;
        ValidFrom = entry.ValidFrom;
        ExpiresOn = entry.ExpiresOn;
        Audience = entry.Audience;
        IsUrgent = entry.Tags.Contains(UrgentTag, StringComparer.Ordinal);
        Texts = entry.Texts.ToFrozenDictionary(t => t.Language, StringComparer.Ordinal);
        Phrases =
        [
            .. entry.Texts.OrderBy(t => t.Language, StringComparer.Ordinal)
                .Select(t => new Phrase(t.Title, t.Language, synonyms, vocabulary)),
            .. entry.Questions.OrderBy(q => q.Language, StringComparer.Ordinal).ThenBy(q => q.Position)
                .Select(q => new Phrase(q.Text, q.Language, synonyms, vocabulary)),
        ];
        var labels = new Phrase(string.Join(' ', entry.Tags.Append(entry.Category)), "tr", synonyms, vocabulary);
        var answers = Texts.Values.Select(t => new Phrase(t.Answer, t.Language, synonyms, vocabulary)).ToList();

        Topic = [.. Phrases.Append(labels).SelectMany(p => p.Words).Distinct().Order()];
        TopicGroups = Phrases.Append(labels).SelectMany(p => p.Groups).ToFrozenSet();
        Everywhere = [.. Topic.Concat(answers.SelectMany(p => p.Words)).Distinct().Order()];
        EverywhereGroups = TopicGroups.Concat(answers.SelectMany(p => p.Groups)).ToFrozenSet();
    }

    public string Id { get; }

    public string Category { get; }

    public string Owner { get; }

    public DateOnly ValidFrom { get; }

    /// <summary>The last day; null without an end.</summary>
    public DateOnly? ExpiresOn { get; }

    /// <summary>See <see cref="Reader"/>.</summary>
    public IReadOnlyCollection<string> Audience { get; }

    /// <summary>See <see cref="UrgentTag"/>.</summary>
    public bool IsUrgent { get; }

    /// <summary>By language.</summary>
    public FrozenDictionary<string, KnowledgeText> Texts { get; }

    /// <summary>Titles and questions of every language.</summary>
    public IReadOnlyList<Phrase> Phrases { get; }

    /// <summary>Words of titles, questions, tags and category.</summary>
    public int[] Topic { get; }

    public FrozenSet<int> TopicGroups { get; }

    /// <summary>Words of the topic and of the answers.</summary>
    public int[] Everywhere { get; }

    public FrozenSet<int> EverywhereGroups { get; }

    public bool IsFound(Reader reader, DateOnly today) =>
        ValidFrom <= today && !(ExpiresOn < today) && reader.MayRead(Audience);

    /// <summary>The text in the wanted language, else the Turkish one, else any.</summary>
    public KnowledgeText TextIn(string language) =>
        Texts.GetValueOrDefault(language) ?? Texts.GetValueOrDefault("tr") ?? Texts.Values[0];
}

/// <summary>A text cut into words.</summary>
internal sealed class Phrase
{
    public Phrase(string text, string language, SynonymIndex synonyms, Vocabulary vocabulary)
    {
        var folded = FoldedText.Of(text, language);
        var terms = Term.Of(text, language);
        Number = vocabulary.AddPhrase();
        Words = Array.ConvertAll(terms, vocabulary.Add);
        Spans = synonyms.Find(terms);
        Groups = Spans.Select(s => s.Group).ToFrozenSet();
        Grams = [.. CharacterGrams.Of(folded.Key).Select(g => new Gram(g.Key, g.Value)).OrderBy(g => g.Hash)];
    }

    /// <summary>Numbers in the vocabulary.</summary>
    public int[] Words { get; }

    /// <summary>Its own among all phrases of the vocabulary.</summary>
    public int Number { get; }

    public IReadOnlyList<SynonymSpan> Spans { get; }

    /// <summary>Synonym groups with a term in the text.</summary>
    public FrozenSet<int> Groups { get; }

    public Gram[] Grams { get; }
}

/// <param name="Hash">See <see cref="CharacterGrams"/>.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Gram(int Hash, int Count);

/// <summary>
/// Words with their numbers, and numbers for phrases. It only ever grows, so the snapshots that follow each other share one
/// and the entries that stay; one thread at a time adds to it while others read.
/// </summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<Term, int> _numbers = [];
    private volatile Term[] _terms = new Term[256];

    public int Count => _numbers.Count;

    /// <summary>How many phrases have a number.</summary>
    public int Phrases { get; private set; }

    public Term this[int index] => _terms[index];

    public int Add(Term term)
    {
        if (_numbers.TryGetValue(term, out var number))
            return number;
        number = _numbers.Count;
        var terms = _terms;
        if (number == terms.Length)
            Array.Resize(ref terms, 2 * number);
        terms[number] = term;
        _terms = terms;
        return _numbers[term] = number;
    }

    public int AddPhrase() => Phrases++;
}
