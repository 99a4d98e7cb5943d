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
    public static IReadOnlyList<Piece> Of(IReadOnlyList<ScoredPassage> passages)
    {
        var candidates = passages.SelectMany(CandidatesOf).ToList();
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

    /// <summary>What the heading says counts less than what the sentence itself does.</summary>
    private static IEnumerable<Candidate> CandidatesOf(ScoredPassage scored, int rank) => scored.Passage.Cover.Sentences.Select(
        s => new Candidate(scored.Passage, s.Place, rank, ((2 * s.Share) + s.ShareWithAbove) / 3 * scored.Probability));

    /// <summary>The sentence, and where it ends with a colon the list that it begins.</summary>
    private static IEnumerable<Piece> WithItems(Candidate candidate)
    {
        yield return new Piece(candidate.Passage, candidate.Sentence);
        if (candidate.Passage.Text[candidate.Sentence.End - 1] != ':')
            yield break;
        var items = candidate.Passage.Cover.Sentences
            .Select(s => s.Place)
            .SkipWhile(s => s.Start <= candidate.Sentence.Start)
            .TakeWhile((s, i) => s.IsItem && i < MaxItems);
        foreach (var item in items)
            yield return new Piece(candidate.Passage, item);
    }

    private sealed record Candidate(Passage Passage, Sentence Sentence, int Rank, double Score);
}

/// <summary>A place of a passage.</summary>
internal sealed record Piece(Passage Passage, Sentence Sentence)
{
    public string Text => Sentence.In(Passage.Text);
}
