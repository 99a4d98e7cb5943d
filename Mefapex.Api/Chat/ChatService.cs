using Mefapex.Api.Accounts;
using Mefapex.Api.Conversations;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Keys;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Quotas;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Chat;

/// <summary>
/// Every question on every path goes through here: checked, answered, and stored once for those signed in. A conversation is a
/// person's, so questions of API keys stand alone and are not kept, as those of visitors.
/// </summary>
internal sealed class ChatService(
    MefapexDb db,
    AnswerService answers,
    RunningAnswers running,
    ConversationContexts contexts,
    UsageMeter usage,
    TimeProvider time)
{
    /// <summary>The longest question, in Unicode characters.</summary>
    public const int MaxLength = 1000;

    /// <summary>A question as it is taken in: PostgreSQL text cannot hold NUL, nothing else of it is touched.</summary>
    public static string Clean(string? text) => (text ?? "").Replace("\0", "", StringComparison.Ordinal).Trim();

    /// <param name="sessionId">The caller's conversation to continue; a new one is opened when it is null.</param>
    public async Task<ChatReply> AskAsync(
        TenantScope tenant,
        Caller? caller,
        string? sessionId,
        ChatRequest request,
        CancellationToken cancellationToken)
    {
        if (caller is null)
            return await AskOnceAsync(tenant, request.Message, cancellationToken);
        if (caller.Key is not null)
        {
            return string.IsNullOrEmpty(sessionId)
                ? await AskOnceAsync(tenant, request.Message, cancellationToken)
                : KeyProblems.PersonNeeded();
        }

        var (run, problem) = await StartAsync(tenant, caller, sessionId, request, cancellationToken);
        return run is null ? problem! : await run.Reply.WaitAsync(cancellationToken);
    }

    /// <summary>Begins to answer somebody who is signed in; the answer is made and stored also if nobody waits for it.</summary>
    /// <param name="newConversation">The id that a new conversation gets.</param>
    /// <param name="origin">The socket that the question came through.</param>
    public async Task<(AnswerRun? Run, ProblemHttpResult? Problem)> StartAsync(
        TenantScope tenant,
        Caller caller,
        string? sessionId,
        ChatRequest request,
        CancellationToken cancellationToken,
        Guid? newConversation = null,
        Guid? origin = null)
    {
        var started = time.GetTimestamp();
        var question = Clean(request.Message);
        if (Refuse(question) is { } refusal)
            return (null, refusal);

        var conversation = Conversation.Start(tenant.Id, caller.UserId, time.GetUtcNow(), newConversation);
        ConversationContext? context = null;
        var isNew = string.IsNullOrEmpty(sessionId);
        if (!isNew)
        {
            if (await FindAsync(tenant, caller, sessionId!, cancellationToken) is not { } found)
                return (null, Problems.ConversationNotFound());
            (conversation, context) = found;
        }

        if (request.MessageId is { } asked
            && await db.Exchanges.AsNoTracking().SingleOrDefaultAsync(
                e => e.Id == asked && e.UserId == caller.UserId, cancellationToken) is { } stored)
        {
            return OfSame(AnswerRun.Of(stored.ToAnswer(), stored.Question));
        }

        var (place, excess) = await usage.OpenAsync(tenant.Id, cancellationToken);
        if (place is null)
            return (null, QuotaProblems.Exceeded(excess!));
        return OfSame(running.Start(new AcceptedQuestion(
            tenant,
            caller,
            request.MessageId ?? Guid.CreateVersion7(time.GetUtcNow()),
            question,
            conversation,
            isNew,
            context,
            started,
            place,
            origin)));

        (AnswerRun?, ProblemHttpResult?) OfSame(AnswerRun run) =>
            run.Question == question && (isNew || run.ConversationId == conversation.Id)
                ? (run, null)
                : (null, ChatProblems.MessageIdTaken(run.MessageId));
    }

    /// <summary>The answer to a message of the caller, whether it is being made or stored; null when there is none.</summary>
    public async Task<AnswerRun?> FollowAsync(
        Caller caller,
        Guid conversationId,
        Guid messageId,
        CancellationToken cancellationToken)
    {
        if (running.Find(caller.UserId, messageId) is { } run)
            return run.ConversationId == conversationId ? run : null;
        var stored = await db.Exchanges.AsNoTracking().SingleOrDefaultAsync(
            e => e.Id == messageId && e.ConversationId == conversationId && e.UserId == caller.UserId, cancellationToken);
        return stored is null ? null : AnswerRun.Of(stored.ToAnswer(), stored.Question);
    }

    /// <summary>Stops the answer to a message of the caller, whichever replica makes it.</summary>
    /// <returns>Whether it will not be stored; null where there is no such message.</returns>
    public async Task<bool?> CancelAsync(Caller caller, Guid conversationId, Guid messageId, CancellationToken cancellationToken) =>
        await FollowAsync(caller, conversationId, messageId, cancellationToken) is { } run
            ? run.TryCancel() || run.IsCancelled
            : await running.CancelElsewhereAsync(caller.UserId, conversationId, messageId, cancellationToken);

    private static ProblemHttpResult? Refuse(string question)
    {
        if (question.Length == 0)
            return Problems.MessageEmpty(MaxLength);
        return question.Length > MaxLength && question.EnumerateRunes().Count() is > MaxLength and var length
            ? Problems.MessageTooLong(length, MaxLength)
            : null;
    }

    private async Task<ChatReply> AskOnceAsync(TenantScope tenant, string? message, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var question = Clean(message);
        if (Refuse(question) is { } refusal)
            return refusal;
        var (place, excess) = await usage.OpenAsync(tenant.Id, cancellationToken);
        if (place is null)
            return QuotaProblems.Exceeded(excess!);
        AnswerResult? result = null;
        try
        {
            result = await answers.AnswerAsync(tenant, Reader.Anonymous, question, context: null, cancellationToken);
        }
        finally
        {
            await place.CloseAsync(isAnswered: result is not null);
        }

        return new ChatAnswer
        {
            Response = result.Response,
            Source = result.Source,
            Decision = result.Decision,
            Sources = result.Sources,
            Citations = result.Citations,
            Understood = result.Understood,
            Confidence = result.Confidence,
            Language = result.Language,
            Degradation = result.Degradation,
            Cached = result.Cached,
            ResponseTimeMs = time.GetElapsedTime(started).TotalMilliseconds,
        };
    }

    private async Task<(Conversation Conversation, ConversationContext? Context)?> FindAsync(
        TenantScope tenant,
        Caller caller,
        string sessionId,
        CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(sessionId, out var id))
            return null;
        if (await contexts.GetAsync(caller.UserId, id, cancellationToken) is { } kept)
        {
            var conversation = await db.Conversations.AsNoTracking().SingleOrDefaultAsync(
                c => c.Id == id && c.UserId == caller.UserId && c.TenantId == tenant.Id, cancellationToken);
            if (conversation is null)
                return null;
            if (ConversationContexts.StampOf(conversation) == kept.Stamp)
                return (conversation, kept.Context);
        }

        var found = await db.Conversations
            .Where(c => c.Id == id && c.UserId == caller.UserId && c.TenantId == tenant.Id)
            .Select(c => new
            {
                Conversation = c,
                Last = db.Exchanges
                    .Where(e => e.ConversationId == c.Id && e.Decision != Decision.Smalltalk)
                    .OrderByDescending(e => e.AskedAt).ThenByDescending(e => e.Id)
                    .Select(e => new { Question = e.Understood ?? e.Question, e.Decision, e.Sources })
                    .FirstOrDefault(),
            })
            .AsNoTracking()
            .SingleOrDefaultAsync(cancellationToken);
        if (found is null)
            return null;

        var context = found.Last is { } last ? ConversationContexts.Of(last.Question, last.Decision, last.Sources) : null;
        await contexts.KeepAsync(found.Conversation, context, cancellationToken);
        return (found.Conversation, context);
    }
}
