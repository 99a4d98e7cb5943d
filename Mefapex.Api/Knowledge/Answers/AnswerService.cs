using Mefapex.Api.Ai;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Answers a question from the tenant's knowledge, asks back, or says that it does not know: the steps of
/// docs/architecture.md, in their order.</summary>
internal sealed class AnswerService(
    CurrentKnowledge knowledge,
    Smalltalk smalltalk,
    AnswerCache cache,
    QuestionSearch search,
    WarningSigns warningSigns,
    Decider decider,
    Composer composer,
    Calibrations calibrations,
    IVectorIndex vectors,
    AiAvailability ai,
    ForcedFallbacks fallbacks,
    AnswerMetrics metrics,
    QuestionTraffic traffic,
    TimeProvider time)
{
    /// <param name="context">What the question may refer back to; null where it stands alone.</param>
    public Task<AnswerResult> AnswerAsync(
        TenantScope tenant,
        Reader reader,
        string question,
        ConversationContext? context,
        CancellationToken cancellationToken) =>
        AnswerAsync(tenant, reader, question, context, afresh: false, cancellationToken);

    /// <summary>The same without the cache, to see how an answer comes about now.</summary>
    public Task<AnswerResult> ReplayAsync(
        TenantScope tenant,
        Reader reader,
        string question,
        ConversationContext? context,
        CancellationToken cancellationToken) =>
        AnswerAsync(tenant, reader, question, context, afresh: true, cancellationToken);

    private async Task<AnswerResult> AnswerAsync(
        TenantScope tenant,
        Reader reader,
        string question,
        ConversationContext? context,
        bool afresh,
        CancellationToken cancellationToken)
    {
        traffic.Asked();
        var clock = new StepClock(time);
        var language = LanguageGuess.Of(question, tenant.Locale);
        clock.Lap("language");
        var (snapshot, isCurrent) = await knowledge.ReadAsync(tenant.Id, cancellationToken);
        clock.Lap("knowledge");
        var asked = new Inquiry(
            tenant,
            reader,
            question,
            FoldedText.Of(question, language),
            language,
            context,
            DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime),
            snapshot ?? KnowledgeSnapshot.Empty(tenant.Id));

        var result = snapshot is null ? Finish(asked, Reply.TryLater(language), Degradation.TryLater, clock)
            : smalltalk.Match(question) is { } match ? Finish(asked, Reply.Smalltalk(asked, match), UndegradedFor(tenant), clock)
            : !isCurrent ? FromMemory(asked, clock)
            : await FromSearchAsync(asked, afresh, clock, cancellationToken);
        metrics.Answered(result);
        return result;
    }

    private async Task<AnswerResult> FromSearchAsync(Inquiry asked, bool afresh, StepClock clock, CancellationToken cancellationToken)
    {
        var followUp = FollowUp.Of(asked.Folded, asked.Context);
        if (afresh)
            return await WorkOutAsync(asked, followUp, clock, cancellationToken);

        var indexed = vectors.ModelOf(asked.Tenant.Id);
        var undegraded = UndegradedFor(asked.Tenant);
        var key = new AnswerKey(
            asked.Tenant.Id,
            asked.Knowledge.Version,
            asked.Reader.Key,
            asked.Language,
            asked.Today,
            $"{indexed?.Hash} {undegraded}",
            asked.Folded.Lower.Trim(),
            followUp?.Question);
        var result = await cache.GetAsync(
            key,
            token => WorkOutAsync(asked, followUp, clock, token),
            answer => answer.Decision != Decision.Escalate
                && answer.Degradation == undegraded
                && indexed?.KnowledgeVersion == answer.Why.KnowledgeVersion,
            cancellationToken);
        if (!result.Cached)
            return result;
        clock.Lap("cache");
        return result with { Why = result.Why with { Cached = true, Timings = clock.Laps } };
    }

    private async Task<AnswerResult> WorkOutAsync(Inquiry asked, FollowUp? followUp, StepClock clock, CancellationToken cancellationToken)
    {
        Findings found;
        Reply reply;
        IReadOnlyList<ScoredPassage> scored = [];
        try
        {
            found = await search.FindAsync(asked, followUp, clock, cancellationToken);
            reply = ReplyTo(asked, found.Ranking);
            clock.Lap("decision");
            if (decider.AsksPassages(reply))
            {
                scored = await search.PassagesAsync(asked, found, cancellationToken);
                clock.Lap("passages");
            }
        }
        catch (Exception e) when (CurrentKnowledge.IsOutage(e, cancellationToken))
        {
            return FromMemory(asked, clock);
        }

        var ranking = found.Ranking;

        Composed? composed = null;
        if (decider.PrefersPassages(reply, scored))
        {
            composed = await composer.ComposeAsync(asked, found.Understood ?? asked.Text, ranking.Found, scored, cancellationToken);
            reply = composed.Reply;
            clock.Lap("composition");
        }

        var degradation = !ranking.Found.UsedVectors ? Degradation.Lexical
            : composed is { IsDegraded: true } ? Degradation.NoGenerator
            : UndegradedFor(asked.Tenant);
        var result = Finish(asked, reply, degradation, clock, ranking);
        return result with
        {
            Understood = found.Understood,
            Why = result.Why with
            {
                Understood = found.Understood,
                Passages =
                [
                    .. scored.Select(p => new WhyPassage(
                        p.Passage.DocumentId, p.Passage.Version, p.Passage.Position, p.Probability, p.Passage.Fused, p.Passage.Features)),
                ],
                Sentences = composed?.Checks ?? [],
                ModelHash = found.Encoded.ModelHash,
                VectorsBy = found.Encoded.By,
                WithoutVectors = found.WithoutVectors,
            },
        };
    }

    /// <summary>The answer while PostgreSQL does not search.</summary>
    private AnswerResult FromMemory(Inquiry asked, StepClock clock)
    {
        var ranking = ApprovedOnly.Rank(asked, calibrations.LastOf(asked.Tenant.Id));
        var reply = ReplyTo(asked, ranking);
        clock.Lap("decision");
        return Finish(asked, reply, Degradation.ApprovedOnly, clock, ranking);
    }

    private Reply ReplyTo(Inquiry asked, Ranking ranking)
    {
        if (warningSigns.Match(ranking) is { } warning)
            return Reply.Escalation(asked, warning, ranking, decider.Thresholds);
        return decider.AboutEntries(ranking) switch
        {
            Decision.Answer => Reply.Approved(asked, ranking, decider.Thresholds),
            Decision.Clarify => Reply.Clarification(asked, ranking, decider.Thresholds),
            _ => Reply.Refusal(asked, ranking, decider.Thresholds),
        };
    }

    /// <summary>The level when everything that is configured, and not forced away, answers.</summary>
    private string UndegradedFor(TenantScope tenant) =>
        fallbacks.Of(tenant.Id) is not null ? Degradation.Lexical
        : ai.HasGenerator ? Degradation.Full
        : Degradation.NoGenerator;

    private AnswerResult Finish(Inquiry asked, Reply reply, string degradation, StepClock clock, Ranking? ranking = null) => new()
    {
        Response = reply.Response + Notice(reply, degradation),
        Source = reply.Source,
        Decision = reply.Decision,
        Sources = reply.Sources,
        Citations = reply.Citations,
        Confidence = Math.Round(reply.Confidence, 4),
        Language = reply.Language,
        Degradation = degradation,
        Why = new AnswerWhy
        {
            FoldedQuestion = asked.Folded.Key,
            Language = asked.Language,
            Decision = reply.Decision,
            Degradation = degradation,
            Context = asked.Context,
            Reader = asked.Reader.Keys,
            Today = asked.Today,
            KnowledgeVersion = ranking?.Found.Snapshot.Version ?? asked.Knowledge.Version,
            Candidates = ranking is null
                ? []
                : [.. ranking.Entries.Select(r => new WhyCandidate(r.Candidate.Entry.Id, r.Probability, r.Candidate.Fused, r.Candidate.Features))],
            None = ranking?.None,
            Urgent = reply.Decision == Decision.Escalate ? reply.Confidence : null,
            Unknown = ranking?.Found.Question.UnknownShare,
            Calibration = ranking?.Calibration,
            Thresholds = ranking is null ? null : decider.Thresholds,
            Timings = clock.Laps,
        },
    };

    /// <summary>Approved texts stay as they are where the level does not touch them; the level itself is told anyway.</summary>
    private static string Notice(Reply reply, string degradation) => degradation switch
    {
        Degradation.ApprovedOnly => "\n\n" + new AnswerTexts(reply.Language).ApprovedOnlyNotice,
        Degradation.Lexical when reply.Decision == Decision.Decline => "\n\n" + new AnswerTexts(reply.Language).LexicalNotice,
        _ => "",
    };
}
