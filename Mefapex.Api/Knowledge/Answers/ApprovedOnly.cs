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
        List<StageHit> byTopic =
        [
            .. asked.Knowledge.Entries.Values
                .Where(entry => entry.IsFound(asked.Reader, asked.Today))
                .Select(entry => new StageHit(entry.Id, comparison.Topic(entry).Topic))
                .Where(hit => hit.Score >= LeastTopic)
                .OrderByDescending(hit => hit.Score)
                .ThenBy(hit => hit.EntryId, StringComparer.Ordinal),
        ];
        var stages = new StageCandidates(asked.Knowledge.Version, [], byTopic, [], []);
        var candidates = Fusion.Candidates(
            comparison, asked.Knowledge, e => e.IsFound(asked.Reader, asked.Today), stages, NearTexts.Of([]));
        return Ranking.Of(
            new SearchResult(asked.Knowledge, question, UsedVectors: false, candidates, []), modelHash: null, calibrations);
    }
}
