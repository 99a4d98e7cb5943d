using System.Collections.Frozen;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Compares one question with entries word by word. Which words of the knowledge stand for a word of the question
/// is found once, see <see cref="WordIndex"/>; all others need no comparison.</summary>
internal sealed class Comparison
{
    private const int TellingPower = 3;

    private readonly Question _question;
    private readonly KnowledgeSnapshot _snapshot;

    /// <summary>By word of the vocabulary, how well it stands for each of the question's terms.</summary>
    private readonly Dictionary<int, float[]> _likeness = [];
    private readonly (int Hash, double Weight)[] _grams;

    public Comparison(Question question, KnowledgeSnapshot snapshot)
    {
        _question = question;
        _snapshot = snapshot;
        for (var term = 0; term < question.Terms.Length; term++)
        {
            foreach (var (word, likeness) in snapshot.MatchesOf(question.Terms[term]))
            {
                if (!_likeness.TryGetValue(word, out var terms))
                    _likeness[word] = terms = new float[question.Terms.Length];
                terms[term] = likeness;
            }
        }

        _grams = [.. question.Grams.Select(g => (g.Key, g.Value * Math.Pow(snapshot.GramWeight(g.Key), 2))).OrderBy(g => g.Key)];
    }

    /// <summary>See <see cref="Features.Phrase"/>.</summary>
    public double Phrase(EntryDocument entry)
    {
        var best = 0.0;
        foreach (var phrase in entry.Phrases)
        {
            var there = Coverage(phrase.Words, phrase.Groups);
            if (there <= best / 2)
                continue;
            var back = CoverageOf(phrase);
            best = Math.Max(best, 2 * there * back / (there + back + 1e-9));
        }

        return best;
    }

    /// <summary>See <see cref="Features.Topic"/>.</summary>
    public double Topic(EntryDocument entry) => Coverage(entry.Topic, entry.TopicGroups);

    /// <summary>See <see cref="Features.Telling"/>.</summary>
    public double Telling(EntryDocument entry) => Coverage(entry.Topic, entry.TopicGroups, power: TellingPower);

    /// <summary>See <see cref="Features.Anywhere"/>.</summary>
    public double Anywhere(EntryDocument entry) => Coverage(entry.Everywhere, entry.EverywhereGroups);

    /// <summary>See <see cref="Features.Grams"/>.</summary>
    public double Grams(EntryDocument entry)
    {
        var best = 0.0;
        foreach (var phrase in entry.Phrases)
        {
            var dot = 0.0;
            var asked = 0;
            foreach (var gram in phrase.Grams)
            {
                while (asked < _grams.Length && _grams[asked].Hash < gram.Hash)
                    asked++;
                if (asked == _grams.Length)
                    break;
                if (_grams[asked].Hash == gram.Hash)
                    dot += gram.Count * _grams[asked].Weight;
            }

            if (dot > 0)
                best = Math.Max(best, dot / (_question.GramNorm * _snapshot.GramNormOf(phrase)));
        }

        return best;
    }

    /// <summary>Best trigram similarity with one title or question; 0 where it is too little to mean anything.</summary>
    public double Trigrams(EntryDocument entry)
    {
        var best = 0.0;
        foreach (var phrase in entry.Phrases)
            best = Math.Max(best, TrigramSet.Similarity(_question.Trigrams, phrase.Trigrams));
        return best >= TrigramSet.Least ? best : 0;
    }

    /// <summary>See <see cref="PassageFeatures.Coverage"/> and <see cref="PassageFeatures.Telling"/>.</summary>
    /// <param name="terms">The words of a passage in order.</param>
    public (double Coverage, double Telling) Coverage(Term[] terms)
    {
        var groups = _snapshot.Synonyms.Find(terms).Select(s => s.Group).ToHashSet();
        double found = 0, all = 0, foundTelling = 0, allTelling = 0;
        for (var i = 0; i < _question.Terms.Length; i++)
        {
            var best = BySynonym(_question.Spans, i, groups);
            foreach (var word in terms)
            {
                if (best >= 1)
                    break;
                best = Math.Max(best, _question.Terms[i].Match(word));
            }

            var weight = _question.Weights[i].Rarity;
            found += weight * best;
            all += weight;
            foundTelling += Math.Pow(weight, TellingPower) * best;
            allTelling += Math.Pow(weight, TellingPower);
        }

        return all > 0 ? (found / all, foundTelling / allTelling) : (0, 0);
    }

    /// <summary>The share of the question's weight that the words stand for.</summary>
    /// <param name="power">1 weighs words by rarity; more favours the rarest.</param>
    private double Coverage(int[] words, FrozenSet<int> groups, int power = 1)
    {
        Span<float> best = stackalloc float[Math.Min(_question.Terms.Length, 256)];
        if (best.Length < _question.Terms.Length)
            best = new float[_question.Terms.Length];
        best.Clear();
        foreach (var word in words)
        {
            if (!_likeness.TryGetValue(word, out var terms))
                continue;
            for (var term = 0; term < terms.Length; term++)
                best[term] = Math.Max(best[term], terms[term]);
        }

        double found = 0, all = 0;
        for (var term = 0; term < best.Length; term++)
        {
            var likeness = best[term] >= 1 ? best[term] : Math.Max(best[term], BySynonym(_question.Spans, term, groups));
            var weight = power == 1 ? _question.Weights[term].Rarity : Math.Pow(_question.Weights[term].Rarity, power);
            found += weight * likeness;
            all += weight;
        }

        return all > 0 ? found / all : 0;
    }

    /// <summary>The share of the phrase's weight that the question stands for.</summary>
    private double CoverageOf(Phrase phrase)
    {
        double found = 0, all = 0;
        for (var i = 0; i < phrase.Words.Length; i++)
        {
            var best = BySynonym(phrase.Spans, i, _question.Groups);
            if (_likeness.TryGetValue(phrase.Words[i], out var terms))
            {
                foreach (var likeness in terms)
                    best = Math.Max(best, likeness);
            }

            var rarity = _snapshot.RarityOf(phrase.Words[i]);
            found += rarity * best;
            all += rarity;
        }

        return all > 0 ? found / all : 0;
    }

    private double BySynonym(IReadOnlyList<SynonymSpan> spans, int index, IReadOnlySet<int> groups)
    {
        var best = 0.0;
        for (var i = 0; i < spans.Count; i++)
        {
            var span = spans[i];
            if (index >= span.Start && index < span.Start + span.Length && groups.Contains(span.Group))
                best = Math.Max(best, _snapshot.Synonyms.StrengthOf(span.Group));
        }

        return best;
    }
}
