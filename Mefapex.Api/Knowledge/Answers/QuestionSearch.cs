using Mefapex.Api.Ai;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Embeds and searches a question, beside itself also as a follow-up where it may be one, and keeps the wording
/// that finds the more.</summary>
internal sealed class QuestionSearch(
    QuestionEncoder encoder,
    ForcedFallbacks fallbacks,
    KnowledgeSearch search,
    IVectorIndex vectors,
    IndexSignal indexSignal,
    WarningSigns warningSigns,
    Calibrations calibrations,
    PassageScorer scorer,
    Decider decider)
{
    /// <exception cref="OperationCanceledException">The search took too long.</exception>
    public async Task<Findings> FindAsync(Inquiry asked, FollowUp? followUp, StepClock clock, CancellationToken cancellationToken)
    {
        var indexed = vectors.ModelOf(asked.Tenant.Id)?.Hash;
        string[] wordings = followUp is null ? [asked.Text] : [asked.Text, followUp.Question];
        var encoded = fallbacks.Of(asked.Tenant.Id) is null
            ? await encoder.EncodeAsync(wordings, asked.Tenant, indexed, cancellationToken)
            : EncodedQuestion.Forced;
        clock.Lap("embedding");

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(decider.Thresholds.SearchTimeout);
        var rankings = await Task.WhenAll(wordings.Select((wording, i) => RankAsync(asked, wording, encoded, i, deadline.Token)));
        clock.Lap("search");
        if ((indexed != encoded.ModelHash && encoded != EncodedQuestion.Forced) || vectors.ModelOf(asked.Tenant.Id)?.KnowledgeVersion != rankings[0].Found.Snapshot.Version)
            indexSignal.Set();

        // A warning sign is taken at its word, whatever was talked about before.
        var isFollowUp = followUp is not null
            && warningSigns.Match(rankings[0]) is null
            && followUp.IsMeant(rankings[0], rankings[1], decider);
        return new Findings(
            rankings[isFollowUp ? 1 : 0],
            isFollowUp ? followUp!.Question : null,
            encoded,
            VectorOf(encoded, isFollowUp ? 1 : 0));
    }

    /// <summary>The passages for what was found, likeliest first.</summary>
    /// <exception cref="OperationCanceledException">The search took too long.</exception>
    public async Task<IReadOnlyList<ScoredPassage>> PassagesAsync(Inquiry asked, Findings findings, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(decider.Thresholds.SearchTimeout);
        var found = findings.Ranking.Found;
        var passages = await search.PassagesAsync(found, asked.Reader, findings.Vector, deadline.Token);
        return scorer.Score(found, passages, findings.Encoded.ModelHash);
    }

    private static QuestionVector? VectorOf(EncodedQuestion encoded, int number) =>
        encoded.ModelHash is null ? null : new QuestionVector(encoded.ModelHash, encoded.Vectors[number]);

    private async Task<Ranking> RankAsync(
        Inquiry asked,
        string wording,
        EncodedQuestion encoded,
        int number,
        CancellationToken cancellationToken)
    {
        var found = await search.SearchAsync(
            asked.Tenant.Id, asked.Reader, wording, asked.Language, VectorOf(encoded, number), cancellationToken);
        return Ranking.Of(found, encoded.ModelHash, await calibrations.OfAsync(asked.Tenant.Id, found.Snapshot.Version, cancellationToken));
    }
}

/// <param name="Understood">The wording with what was said before; null where the question was taken as it stands.</param>
/// <param name="Vector">Of the wording that was kept; null without one.</param>
internal sealed record Findings(Ranking Ranking, string? Understood, EncodedQuestion Encoded, QuestionVector? Vector)
{
    /// <summary>Why the vector stage was left out; null when it took part.</summary>
    public string? WithoutVectors => Ranking.Found.UsedVectors
        ? null
        : Encoded.Missing ?? "the index has no vectors of this model yet";
}
