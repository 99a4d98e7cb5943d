using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Tasks;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Knowledge;
using Mefapex.Inference.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using TaskStatus = Mefapex.Contracts.Knowledge.TaskStatus;

namespace Mefapex.Api.Conversations;

/// <summary>Whether an answer helped. One that did not opens a task for the owner of its first source.</summary>
internal static class FeedbackEndpoints
{
    private const int MaxComment = 1000;
    private const int LongestTopic = 300;

    public static void MapFeedback(this IEndpointRouteBuilder conversations)
    {
        var feedback = conversations.MapGroup("/{id:guid}/messages/{messageId:guid}/feedback");
        feedback.MapPut("", GiveAsync).TakesQuestions();
        feedback.MapDelete("", TakeBackAsync);
    }

    private static async Task<Results<Ok<AnswerFeedback>, ProblemHttpResult>> GiveAsync(
        Guid id,
        Guid messageId,
        FeedbackRequest request,
        Caller caller,
        MefapexDb db,
        KnowledgeTasks tasks,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (request.Helpful is not { } helpful)
            return ChatProblems.FeedbackMissing();
        if (request.Reason is not null && (helpful || !FeedbackReason.All.Contains(request.Reason, StringComparer.Ordinal)))
            return ChatProblems.FeedbackReason(FeedbackReason.All);
        var comment = ChatService.Clean(request.Comment);
        if (comment.Length > MaxComment)
            return ChatProblems.FeedbackComment(MaxComment);
        var reason = helpful ? null : request.Reason ?? FeedbackReason.Other;

        return await db.InTransactionAsync<Results<Ok<AnswerFeedback>, ProblemHttpResult>>(
            async () =>
            {
                if (await LockAsync(db, caller, id, messageId, cancellationToken) is not { } exchange)
                    return ChatProblems.MessageNotFound();
                var now = time.GetUtcNow();
                var given = await db.Feedback.SingleOrDefaultAsync(f => f.ExchangeId == messageId, cancellationToken)
                    ?? db.Feedback.Add(new Feedback
                    {
                        ExchangeId = messageId,
                        TenantId = exchange.TenantId,
                        Helpful = helpful,
                        CreatedAt = now,
                        UpdatedAt = now,
                    }).Entity;
                var wanted = reason is null ? null : TaskOf(exchange, reason);
                if (given.TaskId is { } taskId && !await IsOpenAsync(db, taskId, wanted?.Topic, cancellationToken))
                {
                    await tasks.WithdrawAsync(taskId, cancellationToken);
                    given.TaskId = null;
                }

                if (wanted is not null)
                    given.TaskId ??= await tasks.OpenAsync(exchange.TenantId, wanted, cancellationToken);
                (given.Helpful, given.Reason, given.UpdatedAt) = (helpful, reason, now);
                given.Comment = comment.Length == 0 ? null : comment;
                await db.SaveChangesAsync(cancellationToken);
                return TypedResults.Ok(given.ToWire());
            },
            cancellationToken);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> TakeBackAsync(
        Guid id,
        Guid messageId,
        Caller caller,
        MefapexDb db,
        KnowledgeTasks tasks,
        CancellationToken cancellationToken) =>
        await db.InTransactionAsync<Results<NoContent, ProblemHttpResult>>(
            async () =>
            {
                if (await LockAsync(db, caller, id, messageId, cancellationToken) is null)
                    return ChatProblems.MessageNotFound();
                var given = await db.Feedback.AsNoTracking()
                    .SingleOrDefaultAsync(f => f.ExchangeId == messageId, cancellationToken);
                if (given is null)
                    return TypedResults.NoContent();
                await db.Feedback.Where(f => f.ExchangeId == messageId).ExecuteDeleteAsync(cancellationToken);
                if (given.TaskId is { } taskId)
                    await tasks.WithdrawAsync(taskId, cancellationToken);
                return TypedResults.NoContent();
            },
            cancellationToken);

    /// <summary>The caller's exchange, locked, so that feedback given twice at once counts once.</summary>
    private static Task<StoredExchange?> LockAsync(
        MefapexDb db,
        Caller caller,
        Guid conversationId,
        Guid messageId,
        CancellationToken cancellationToken) =>
        db.Exchanges
            .FromSql(
                $"""
                select * from exchanges
                where id = {messageId} and conversation_id = {conversationId} and user_id = {caller.UserId}
                for update
                """)
            .AsNoTracking()
            .SingleOrDefaultAsync(cancellationToken);

    /// <summary>Whether the task is still there for the same topic, so that this report is counted in it already.</summary>
    private static Task<bool> IsOpenAsync(MefapexDb db, Guid taskId, string? topic, CancellationToken cancellationToken) =>
        db.KnowledgeTasks.AnyAsync(
            t => t.Id == taskId && t.Topic == topic && t.Status == TaskStatus.Open, cancellationToken);

    private static NewTask TaskOf(StoredExchange exchange, string reason)
    {
        var source = exchange is { Decision: not Decision.Decline, Sources: [var first, ..] } ? first : null;
        var about = source is null ? $"question:{FoldedText.Of(exchange.Question).Key}" : $"{source.Kind}:{source.Id}";
        var topic = $"{reason}:{about}";
        return new NewTask(
            TaskKind.Feedback,
            topic[..Math.Min(topic.Length, LongestTopic)],
            source?.Owner ?? "",
            exchange.Question,
            EntryId: source is { Kind: "entry" } ? source.Id : null,
            DocumentId: source is { Kind: "document" } && Guid.TryParse(source.Id, out var document) ? document : null,
            ExchangeId: exchange.Id);
    }
}
