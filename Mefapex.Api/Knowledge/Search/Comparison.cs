using System.Collections.Frozen;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Compares one question with entries word by word; each pair of words is compared once.</summary>
internal sealed class Comparison(Question question, KnowledgeSnapshot snapshot)
{
    private const int TellingPower = 3;

    private readonly float[]?[] _matches = new float[]?[question.Terms.Length];

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
            foreach (var gram in phrase.Grams)
            {
                if (question.Grams.TryGetValue(gram.Hash, out var asked))
                    dot += asked * gram.Count * Math.Pow(snapshot.GramWeight(gram.Hash), 2);
            }

            if (dot > 0)
                best = Math.Max(best, dot / (question.GramNorm * phrase.GramNorm));
        }

        return best;
    }

    /// <summary>Best trigram similarity with one title or question; 0 where it is too little to mean anything.</summary>
    public double Trigrams(EntryDocument entry)
    {
        var best = entry.Phrases.Count == 0 ? 0 : entry.Phrases.Max(phrase => TrigramSet.Similarity(question.Trigrams, phrase.Trigrams));
        return best >= TrigramSet.Least ? best : 0;
    }

    /// <summary>See <see cref="PassageFeatures.Coverage"/> and <see cref="PassageFeatures.Telling"/>.</summary>
    public (double Coverage, double Telling) Coverage(string text, string language)
    {
        var terms = Term.Of(FoldedText.Of(text, language), language);
        var groups = snapshot.Synonyms.Find(terms).Select(s => s.Group).ToFrozenSet();
        var distinct = terms.Distinct().ToList();
        double found = 0, all = 0, foundTelling = 0, allTelling = 0;
        for (var i = 0; i < question.Terms.Length; i++)
        {
            var term = question.Terms[i];
            var best = BySynonym(question.Spans, i, groups);
            foreach (var word in distinct)
            {
                if (best >= 1)
                    break;
                best = Math.Max(best, term.Match(word));
            }

            var weight = question.Weights[i].Rarity;
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
        double found = 0, all = 0;
        for (var term = 0; term < question.Terms.Length; term++)
        {
            var best = 0.0;
            foreach (var word in words)
            {
                best = Math.Max(best, Match(term, word));
                if (best >= 1)
                    break;
            }

            if (best < 1)
                best = Math.Max(best, BySynonym(question.Spans, term, groups));
            var weight = Math.Pow(question.Weights[term].Rarity, power);
            found += weight * best;
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
            var best = BySynonym(phrase.Spans, i, question.Groups);
            for (var term = 0; term < question.Terms.Length; term++)
                best = Math.Max(best, Match(term, phrase.Words[i]));
            found += phrase.Rarity[i] * best;
            all += phrase.Rarity[i];
        }

        return all > 0 ? found / all : 0;
    }

    private double BySynonym(IReadOnlyList<SynonymSpan> spans, int index, FrozenSet<int> groups)
    {
        var best = 0.0;
        foreach (var span in spans)
        {
            if (index >= span.Start && index < span.Start + span.Length && groups.Contains(span.Group))
                best = Math.Max(best, snapshot.Synonyms.StrengthOf(span.Group));
        }

        return best;
    }

    private float Match(int term, int word)
    {
        var known = _matches[term];
        if (known is null)
        {
            _matches[term] = known = new float[snapshot.Vocabulary.Count];
            known.AsSpan().Fill(-1);
        }

        if (known[word] < 0)
            known[word] = (float)question.Terms[term].Match(snapshot.Vocabulary[word]);
        return known[word];
    }
}
