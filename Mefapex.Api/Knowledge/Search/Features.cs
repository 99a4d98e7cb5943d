namespace Mefapex.Api.Knowledge.Search;

/// <summary>How well an entry fits a question, one figure a stage, most of them 0 to 1; calibration weighs them.</summary>
internal sealed record Features
{
    /// <summary>Best agreement with one title or question, both ways, words weighed by rarity.</summary>
    public required double Phrase { get; init; }

    /// <summary>Share of the question's weight found in titles, questions and labels.</summary>
    public required double Topic { get; init; }

    /// <summary>Share of the question's weight found anywhere in the entry.</summary>
    public required double Anywhere { get; init; }

    /// <summary>Best cosine of character sequences with one title or question.</summary>
    public required double Grams { get; init; }

    /// <summary>Best trigram similarity, by PostgreSQL.</summary>
    public required double Trigram { get; init; }

    /// <summary>Full-text rank in the original form, by PostgreSQL, over the best one of the question.</summary>
    public required double FullText { get; init; }

    /// <summary>Full-text rank in the folded form, by PostgreSQL, over the best one of the question.</summary>
    public required double Folded { get; init; }

    /// <summary>Best cosine of the vectors of question and title or question; 0 without vectors.</summary>
    public required double Vector { get; init; }

    /// <summary>Best cosine of the vectors of question and answer; 0 without vectors.</summary>
    public required double AnswerVector { get; init; }
}

/// <summary>Computes the features that PostgreSQL and the vector index do not.</summary>
internal static class Comparison
{
    private const double SynonymMatch = 0.85;

    public static double Phrase(Question question, EntryDocument entry, KnowledgeSnapshot snapshot)
    {
        var best = 0.0;
        foreach (var phrase in entry.Phrases)
        {
            var there = Coverage(question.Terms, question.Weights, question.Spans, phrase);
            if (there <= 0)
                continue;
            var weights = Array.ConvertAll(phrase.Terms, snapshot.WeightOf);
            var back = Coverage(phrase.Terms, weights, phrase.Spans, question);
            best = Math.Max(best, 2 * there * back / (there + back + 1e-9));
        }

        return best;
    }

    public static double Topic(Question question, EntryDocument entry) =>
        Coverage(question, [.. entry.Phrases, entry.Labels]);

    public static double Anywhere(Question question, EntryDocument entry) =>
        Coverage(question, [.. entry.Phrases, entry.Labels, .. entry.Answers]);

    public static double Grams(Question question, EntryDocument entry, KnowledgeSnapshot snapshot)
    {
        var norm = 0.0;
        foreach (var (gram, count) in question.Grams)
            norm += Math.Pow(count * snapshot.GramWeight(gram), 2);
        if (norm <= 0)
            return 0;

        var best = 0.0;
        foreach (var phrase in entry.Phrases)
        {
            double dot = 0, other = 0;
            foreach (var (gram, count) in CharacterGrams.Of(phrase.Folded))
            {
                var weight = snapshot.GramWeight(gram);
                other += Math.Pow(count * weight, 2);
                if (question.Grams.TryGetValue(gram, out var asked))
                    dot += asked * count * weight * weight;
            }

            best = Math.Max(best, dot / Math.Sqrt(norm * other));
        }

        return best;
    }

    private static double Coverage(Question question, IReadOnlyList<Phrase> texts)
    {
        double found = 0, all = 0;
        for (var i = 0; i < question.Terms.Length; i++)
        {
            var weight = question.Weights[i].Rarity;
            all += weight;
            var best = 0.0;
            foreach (var text in texts)
                best = Math.Max(best, MatchAt(question.Terms, question.Spans, i, text.Terms, text.Groups.Contains));
            found += weight * best;
        }

        return all > 0 ? found / all : 0;
    }

    private static double Coverage(Term[] terms, TermWeight[] weights, IReadOnlyList<SynonymSpan> spans, Phrase other) =>
        Coverage(terms, weights, spans, other.Terms, other.Groups.Contains);

    private static double Coverage(Term[] terms, TermWeight[] weights, IReadOnlyList<SynonymSpan> spans, Question other) =>
        Coverage(terms, weights, spans, other.Terms, group => other.Spans.Any(s => s.Group == group));

    private static double Coverage(
        Term[] terms,
        TermWeight[] weights,
        IReadOnlyList<SynonymSpan> spans,
        Term[] others,
        Func<int, bool> hasGroup)
    {
        double found = 0, all = 0;
        for (var i = 0; i < terms.Length; i++)
        {
            all += weights[i].Rarity;
            found += weights[i].Rarity * MatchAt(terms, spans, i, others, hasGroup);
        }

        return all > 0 ? found / all : 0;
    }

    private static double MatchAt(Term[] terms, IReadOnlyList<SynonymSpan> spans, int index, Term[] others, Func<int, bool> hasGroup)
    {
        var best = 0.0;
        foreach (var other in others)
        {
            best = Math.Max(best, terms[index].Match(other));
            if (best >= 1)
                return best;
        }

        if (best < SynonymMatch)
        {
            foreach (var span in spans)
            {
                if (index >= span.Start && index < span.Start + span.Length && hasGroup(span.Group))
                    return SynonymMatch;
            }
        }

        return best;
    }
}
