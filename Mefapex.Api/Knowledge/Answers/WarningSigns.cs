using Mefapex.Api.Knowledge.Search;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>
/// Recognises questions that report a warning sign: something that an urgent entry
/// (<see cref="EntryDocument.UrgentTag"/>) answers and that cannot wait, in frightened, misspelt or indirect words too.
/// Ask it after the search and before anything else is decided. A logistic model over the neighbours of the question,
/// fitted on labelled questions; without vectors it judges by words alone.
/// </summary>
internal sealed class WarningSigns(CalibrationFile calibrations, IOptions<AnswerOptions> options)
{
    /// <summary>Names of the figures in the order of <see cref="Inputs"/>.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "bias", "words", "sequences", "urgent_phrase", "other_phrase", "urgent_grams", "other_grams",
        "urgent_vector", "urgent_neighbours", "other_vector", "other_neighbours", "share",
    ];

    private const int Nearest = 3;
    private const int Shared = 16;
    private const double Sharpness = 12;

    /// <summary>The likeliest urgent entry, where the question reports what it is about: answer with it and with a person's
    /// contact at once, whatever else was found. Null where it does not.</summary>
    public WarningMatch? Match(Ranking ranking)
    {
        var urgent = ranking.Entries.FirstOrDefault(r => r.Candidate.Entry.IsUrgent);
        // Words that the knowledge has never seen say nothing by themselves.
        if (urgent is null || (!ranking.UsesVectors && ranking.Found.Question.UnknownShare >= 1))
            return null;
        var weights = ranking.UsesVectors ? calibrations.Warnings.Vectors : calibrations.Warnings.Lexical;
        var probability = Probability(Inputs(ranking.Found), weights.Weights);
        var agreed = urgent.Probability >= Math.Max(ranking.First, ranking.None);
        return probability >= (agreed ? options.Value.WarningAgreedAt : options.Value.WarningAt)
            ? new WarningMatch(urgent.Candidate, Math.Max(probability, urgent.Probability))
            : null;
    }

    public static double Probability(IReadOnlyList<double> inputs, IReadOnlyList<double> weights) =>
        1 / (1 + Math.Exp(-inputs.Zip(weights, (x, w) => x * w).Sum()));

    /// <summary>The model's figures of a question; those of vectors are 0 without them.</summary>
    public static double[] Inputs(SearchResult result)
    {
        var byUrgency = result.Candidates.ToLookup(c => c.Entry.IsUrgent, c => c.Features);
        double Best(bool urgent, Func<Features, double> figure) => byUrgency[urgent].Select(figure).DefaultIfEmpty(0).Max();
        var words = result.Snapshot.Urgent;
        return
        [
            1,
            words.WordEvidence(result.Question),
            words.GramEvidence(result.Question),
            Best(urgent: true, f => f.Phrase),
            Best(urgent: false, f => f.Phrase),
            Best(urgent: true, f => f.Grams),
            Best(urgent: false, f => f.Grams),
            .. VectorInputs(result),
        ];
    }

    private static double[] VectorInputs(SearchResult result)
    {
        if (result.Neighbours.Count == 0)
            return [0, 0, 0, 0, 0];
        bool IsUrgent(Neighbour near) => result.Snapshot.Entries.TryGetValue(near.EntryId, out var entry) && entry.IsUrgent;
        var urgent = result.Neighbours.Where(IsUrgent).Take(Nearest).Select(n => n.Cosine).ToArray();
        var others = result.Neighbours.Where(n => !IsUrgent(n)).Take(Nearest).Select(n => n.Cosine).ToArray();
        double all = 0, share = 0;
        foreach (var near in result.Neighbours.Take(Shared))
        {
            var weight = Math.Exp((near.Cosine - result.Neighbours[0].Cosine) * Sharpness);
            all += weight;
            share += IsUrgent(near) ? weight : 0;
        }

        return [urgent.FirstOrDefault(), urgent.Sum() / Nearest, others.FirstOrDefault(), others.Sum() / Nearest, share / all];
    }
}

/// <param name="Candidate">The urgent entry.</param>
/// <param name="Probability">That the question is about it, 0 to 1.</param>
internal sealed record WarningMatch(Candidate Candidate, double Probability);
