using System.Runtime.InteropServices;
using Mefapex.Api.Knowledge.Index;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Chooses the entries that are compared in full by the ranks that the stages give them, and compares them.</summary>
internal static class Fusion
{
    /// <summary>Entries compared in full, beside the urgent ones.</summary>
    public const int MaxCandidates = 24;

    /// <summary>Usual constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).</summary>
    public const double RankConstant = 60;

    /// <summary>How many wordings <see cref="Features.Neighbours"/> is the mean of.</summary>
    private const int Nearest = 3;

    /// <summary>By fused rank, best first; urgent entries always take part.</summary>
    /// <param name="isFound">Whether the asker may be told of an entry today.</param>
    public static List<Candidate> Candidates(
        Comparison comparison,
        KnowledgeSnapshot snapshot,
        Func<EntryDocument, bool> isFound,
        StageCandidates stages,
        NearTexts near)
    {
        var byEntry = near.Questions.GroupBy(n => n.EntryId, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(n => n.Cosine).Take(Nearest).ToArray(), StringComparer.Ordinal);
        var byVector = byEntry.Select(e => new StageHit(e.Key, e.Value[0])).OrderByDescending(h => h.Score).ToList();
        var byAnswer = near.Answers.GroupBy(n => n.EntryId, StringComparer.Ordinal)
            .Select(g => new StageHit(g.Key, g.First().Cosine)).ToList();
        var fused = Fuse([stages.FullText, stages.Keywords, stages.Synonyms, stages.Trigram, byVector, byAnswer]);

        var chosen = fused
            .Where(f => snapshot.Entries.TryGetValue(f.Key, out var entry) && isFound(entry))
            .OrderByDescending(f => f.Value)
            .ThenBy(f => f.Key, StringComparer.Ordinal)
            .Take(MaxCandidates)
            .Select(f => (Entry: snapshot.Entries[f.Key], Score: f.Value))
            .ToList();
        chosen.AddRange(snapshot.Urgent.Entries
            .Where(e => isFound(e) && !chosen.Exists(c => c.Entry == e))
            .Select(e => (e, fused.GetValueOrDefault(e.Id))));

        var topic = chosen.ConvertAll(c => comparison.Topic(c.Entry));
        var phrase = chosen.ConvertAll(c => comparison.Phrase(c.Entry));
        var grams = chosen.ConvertAll(c => comparison.Grams(c.Entry));
        var vector = chosen.ConvertAll(c => byEntry.TryGetValue(c.Entry.Id, out var cosines) ? cosines[0] : 0);
        return
        [
            .. chosen.Select((c, i) => new Candidate(c.Entry, c.Score, new Features
            {
                Phrase = phrase[i],
                Topic = topic[i].Topic,
                Telling = topic[i].Telling,
                Anywhere = comparison.Anywhere(c.Entry),
                Grams = grams[i],
                PhraseLead = LeadOf(phrase, i),
                GramsLead = LeadOf(grams, i),
                Trigram = Score(stages.Trigram, c.Entry.Id),
                FullText = Relative(stages.FullText, c.Entry.Id),
                Keywords = Relative(stages.Keywords, c.Entry.Id),
                Synonyms = Relative(stages.Synonyms, c.Entry.Id),
                Vector = vector[i],
                Neighbours = byEntry.GetValueOrDefault(c.Entry.Id, []).Sum() / Nearest,
                VectorLead = LeadOf(vector, i),
                AnswerVector = Score(byAnswer, c.Entry.Id),
            })),
        ];
    }

    private static Dictionary<string, double> Fuse(IEnumerable<IReadOnlyList<StageHit>> stages)
    {
        var fused = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var stage in stages)
        {
            for (var rank = 0; rank < stage.Count; rank++)
            {
                var id = stage[rank].EntryId;
                fused[id] = fused.GetValueOrDefault(id) + (1 / (RankConstant + rank + 1));
            }
        }

        return fused;
    }

    /// <summary>A figure over the best of the others.</summary>
    private static double LeadOf(List<double> figures, int index)
    {
        var best = 0.0;
        for (var i = 0; i < figures.Count; i++)
        {
            if (i != index)
                best = Math.Max(best, figures[i]);
        }

        return figures[index] - best;
    }

    private static double Score(IReadOnlyList<StageHit> stage, string entryId)
    {
        foreach (var hit in stage)
        {
            if (string.Equals(hit.EntryId, entryId, StringComparison.Ordinal))
                return hit.Score;
        }

        return 0;
    }

    private static double Relative(IReadOnlyList<StageHit> stage, string entryId) =>
        stage.Count > 0 && stage[0].Score > 0 ? Score(stage, entryId) / stage[0].Score : 0;
}

/// <summary>The texts of entries nearest to a question, best first.</summary>
/// <param name="Questions">Titles and questions.</param>
internal sealed record NearTexts(IReadOnlyList<Neighbour> Questions, IReadOnlyList<Neighbour> Answers)
{
    public static NearTexts Of(IReadOnlyList<VectorHit> hits)
    {
        var byKind = hits.ToLookup(h => h.Key.Kind == KnowledgeVector.Answer, h => new Neighbour(h.Key.Owner.Id, h.Cosine));
        return new NearTexts([.. byKind[false]], [.. byKind[true]]);
    }
}

/// <summary>A text of an entry near to a question.</summary>
/// <param name="Cosine">-1 to 1.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Neighbour(string EntryId, double Cosine);
