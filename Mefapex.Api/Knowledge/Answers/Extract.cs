using Mefapex.Api.Knowledge.Search;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Picks the sentences and list items of passages that answer, word for word.</summary>
internal static class Extract
{
    private const int MaxSentences = 3;
    private const int MaxItems = 10;

    /// <summary>How near to the best one a further sentence must come.</summary>
    private const double Near = 0.9;

    /// <summary>In reading order, at most <see cref="MaxSentences"/>, and the list that one of them begins.</summary>
    public static IReadOnlyList<Piece> Of(SearchResult found, IReadOnlyList<ScoredPassage> passages)
    {
        var cover = new QuestionCover(found.Question, found.Snapshot);
        var candidates = passages.SelectMany((scored, rank) => CandidatesOf(cover, scored, rank)).ToList();
        if (candidates.Count == 0)
            return [];
        var best = candidates.Max(c => c.Score);
        var picked = candidates
            .Where(c => c.Score >= best * Near)
            .OrderByDescending(c => c.Score)
            .ThenBy(c => c.Rank)
            .ThenBy(c => c.Sentence.Start)
            .DistinctBy(c => c.Sentence.In(c.Passage.Text), StringComparer.OrdinalIgnoreCase)
            .Take(MaxSentences);
        return
        [
            .. picked
                .OrderBy(c => c.Rank)
                .ThenBy(c => c.Sentence.Start)
                .SelectMany(WithItems)
                .Distinct(),
        ];
    }

    private static IEnumerable<Candidate> CandidatesOf(QuestionCover cover, ScoredPassage scored, int rank)
    {
        var passage = scored.Passage;
        var sentences = Sentences.Of(passage.Text);
        var above = cover.Of($"{passage.Title}\n{passage.Heading}", passage.Language);
        foreach (var sentence in sentences)
        {
            var own = cover.Of(sentence.In(passage.Text), passage.Language);
            // What the heading says counts less than what the sentence itself does.
            var score = ((2 * cover.Share(own)) + cover.Share(own, above)) / 3 * scored.Probability;
            yield return new Candidate(passage, sentences, sentence, rank, score);
        }
    }

    /// <summary>The sentence, and where it ends with a colon the list that it begins.</summary>
    private static IEnumerable<Piece> WithItems(Candidate candidate)
    {
        yield return new Piece(candidate.Passage, candidate.Sentence);
        if (candidate.Passage.Text[candidate.Sentence.End - 1] != ':')
            yield break;
        var items = candidate.Sentences
            .SkipWhile(s => s.Start <= candidate.Sentence.Start)
            .TakeWhile((s, i) => s.IsItem && i < MaxItems);
        foreach (var item in items)
            yield return new Piece(candidate.Passage, item);
    }

    private sealed record Candidate(Passage Passage, IReadOnlyList<Sentence> Sentences, Sentence Sentence, int Rank, double Score);
}

/// <summary>A place of a passage.</summary>
internal sealed record Piece(Passage Passage, Sentence Sentence)
{
    public string Text => Sentence.In(Passage.Text);
}
