using System.Collections.Frozen;
using System.Numerics.Tensors;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Compares one question with entries word by word. Which words of the knowledge stand for a word of the question
/// is found once, see <see cref="WordIndex"/>; all others need no comparison.</summary>
internal sealed class Comparison
{
    private readonly Question _question;
    private readonly KnowledgeSnapshot _snapshot;

    /// <summary>The words of the vocabulary that stand for one of the question's terms.</summary>
    private readonly NumberSet _words;

    /// <summary>For each of those how well it stands for each term.</summary>
    private readonly List<float[]> _likeness = [];
    private readonly NumberSet _grams;
    private readonly double[] _gramWeights;

    public Comparison(Question question, KnowledgeSnapshot snapshot)
    {
        _question = question;
        _snapshot = snapshot;
        _words = new NumberSet(16 * question.Terms.Length);
        for (var term = 0; term < question.Terms.Length; term++)
        {
            foreach (var (word, likeness) in snapshot.MatchesOf(question.Terms[term]))
            {
                var place = _words.Add(word);
                if (place == _likeness.Count)
                    _likeness.Add(new float[question.Terms.Length]);
                _likeness[place][term] = likeness;
            }
        }

        _grams = new NumberSet(question.Grams.Count);
        _gramWeights = new double[question.Grams.Count];
        foreach (var (gram, count) in question.Grams)
            _gramWeights[_grams.Add(gram)] = count * Math.Pow(snapshot.GramWeight(gram), 2);
    }

    /// <summary>See <see cref="Features.Phrase"/>.</summary>
    public double Phrase(EntryDocument entry)
    {
        var best = 0.0;
        foreach (var phrase in entry.Phrases)
        {
            var there = Coverage(phrase.Words, phrase.Groups).Share;
            if (there <= best / 2)
                continue;
            var back = CoverageOf(phrase);
            best = Math.Max(best, 2 * there * back / (there + back + 1e-9));
        }

        return best;
    }

    /// <summary>See <see cref="Features.Topic"/> and <see cref="Features.Telling"/>.</summary>
    public (double Topic, double Telling) Topic(EntryDocument entry) => Coverage(entry.Topic, entry.TopicGroups);

    /// <summary>See <see cref="Features.Anywhere"/>.</summary>
    public double Anywhere(EntryDocument entry) => Coverage(entry.Everywhere, entry.EverywhereGroups).Share;

    /// <summary>See <see cref="Features.Grams"/>.</summary>
    public double Grams(EntryDocument entry)
    {
        var best = 0.0;
        foreach (var phrase in entry.Phrases)
        {
            var dot = 0.0;
            foreach (var gram in phrase.Grams)
            {
                if (_grams.Find(gram.Hash) is >= 0 and var place)
                    dot += gram.Count * _gramWeights[place];
            }

            if (dot > 0)
                best = Math.Max(best, dot / (_question.GramNorm * _snapshot.GramNormOf(phrase)));
        }

        return best;
    }

    /// <summary>The share of the question's weight that the words stand for, and the same with the rarest words counting most.</summary>
    private (double Share, double Telling) Coverage(int[] words, FrozenSet<int> groups)
    {
        Span<float> best = stackalloc float[Math.Min(_question.Terms.Length, 256)];
        if (best.Length < _question.Terms.Length)
            best = new float[_question.Terms.Length];
        best.Clear();
        foreach (var word in words)
        {
            if (_words.Find(word) is >= 0 and var place)
                TensorPrimitives.Max(best, _likeness[place], best);
        }

        double found = 0, all = 0, foundTelling = 0, allTelling = 0;
        for (var term = 0; term < best.Length; term++)
        {
            var likeness = best[term] >= 1 ? best[term] : Math.Max(best[term], BySynonym(_question.Spans, term, groups));
            var weight = _question.Weights[term];
            found += weight.Rarity * likeness;
            all += weight.Rarity;
            foundTelling += weight.Telling * likeness;
            allTelling += weight.Telling;
        }

        return all > 0 ? (found / all, foundTelling / allTelling) : (0, 0);
    }

    /// <summary>The share of the phrase's weight that the question stands for.</summary>
    private double CoverageOf(Phrase phrase)
    {
        double found = 0, all = 0;
        for (var i = 0; i < phrase.Words.Length; i++)
        {
            var best = BySynonym(phrase.Spans, i, _question.Groups);
            if (_words.Find(phrase.Words[i]) is >= 0 and var place)
                best = Math.Max(best, TensorPrimitives.Max<float>(_likeness[place]));

            var rarity = _snapshot.RarityOf(phrase.Words[i]);
            found += rarity * best;
            all += rarity;
        }

        return all > 0 ? found / all : 0;
    }

    private double BySynonym(IReadOnlyList<SynonymSpan> spans, int index, FrozenSet<int> groups)
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
