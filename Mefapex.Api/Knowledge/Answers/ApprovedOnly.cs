using Mefapex.Api.Knowledge.Search;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Compares a question with the approved entries in memory, word by word, for as long as PostgreSQL does not
/// search: only what the wording itself says counts.</summary>
internal static class ApprovedOnly
{
    private const double LeastTopic = 0.2;

    public static Ranking Rank(Inquiry asked, CalibrationFile calibrations)
    {
        var question = new Question(asked.Text, asked.Language, asked.Knowledge);
        var comparison = new Comparison(question, asked.Knowledge);
        List<Candidate> candidates =
        [
            .. asked.Knowledge.Entries.Values
                .Where(entry => entry.IsFound(asked.Reader, asked.Today))
                .Select(entry => (Entry: entry, Topic: comparison.Topic(entry)))
                .Where(e => e.Topic >= LeastTopic)
                .OrderByDescending(e => e.Topic)
                .ThenBy(e => e.Entry.Id, StringComparer.Ordinal)
                .Take(KnowledgeSearch.MaxCandidates)
                .Select(e => new Candidate(e.Entry, e.Topic, new Features
                {
                    Phrase = comparison.Phrase(e.Entry),
                    Topic = e.Topic,
                    Telling = comparison.Telling(e.Entry),
                    Anywhere = comparison.Anywhere(e.Entry),
                    Grams = comparison.Grams(e.Entry),
                    Trigram = 0,
                    FullText = 0,
                    Keywords = 0,
                    Synonyms = 0,
                    Vector = 0,
                    AnswerVector = 0,
                })),
        ];
        return Ranking.Of(
            new SearchResult(asked.Knowledge, question, UsedVectors: false, candidates, []), modelHash: null, calibrations);
    }
}
