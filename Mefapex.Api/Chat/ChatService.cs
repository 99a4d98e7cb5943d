using System.Text.Json;
using Mefapex.Api.Accounts;
using Mefapex.Api.Conversations;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Mefapex.Api.Chat;

/// <summary>Every question on every path goes through here: checked, answered, and stored once for those signed in.</summary>
internal sealed class ChatService(MefapexDb db, AnswerService answers, TimeProvider time)
{
    /// <summary>The longest question, in Unicode characters.</summary>
    public const int MaxLength = 1000;

    /// <param name="sessionId">The caller's conversation to continue; a new one is opened when it is null.</param>
    public async Task<ChatReply> AskAsync(
        TenantScope tenant,
        Caller? caller,
        string? sessionId,
        string? message,
        CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();

        // PostgreSQL text cannot hold NUL; nothing else of a question is touched.
        var question = (message ?? "").Replace("\0", "", StringComparison.Ordinal).Trim();
        if (question.Length == 0)
            return Problems.MessageEmpty(MaxLength);
        if (question.Length > MaxLength && question.EnumerateRunes().Count() is > MaxLength and var length)
            return Problems.MessageTooLong(length, MaxLength);

        Conversation? conversation = null;
        if (caller is not null && !string.IsNullOrEmpty(sessionId))
        {
            conversation = await FindAsync(tenant, caller, sessionId, cancellationToken);
            if (conversation is null)
                return Problems.ConversationNotFound();
        }

        var result = await answers.AnswerAsync(tenant, Reader.Of(caller), question, context: null, cancellationToken);
        var took = time.GetElapsedTime(started).TotalMilliseconds;
        return caller is null
            ? Answer(result, took)
            : await StoreAsync(tenant, caller, conversation, question, result, took, cancellationToken);
    }

    private async Task<Conversation?> FindAsync(
        TenantScope tenant,
        Caller caller,
        string sessionId,
        CancellationToken cancellationToken) =>
        Guid.TryParse(sessionId, out var id)
            ? await db.Conversations.SingleOrDefaultAsync(
                c => c.Id == id && c.UserId == caller.UserId && c.TenantId == tenant.Id, cancellationToken)
            : null;

    private async Task<ChatReply> StoreAsync(
        TenantScope tenant,
        Caller caller,
        Conversation? conversation,
        string question,
        AnswerResult result,
        double took,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        conversation ??= db.Conversations.Add(Conversation.Start(tenant.Id, caller.UserId, now)).Entity;
        conversation.UpdatedAt = now;
        if (conversation.Title.Length == 0)
            conversation.Name(Conversation.TitleOf(question));

        var exchange = new StoredExchange
        {
            Id = Guid.CreateVersion7(now),
            ConversationId = conversation.Id,
            TenantId = tenant.Id,
            UserId = caller.UserId,
            Question = question,
            Response = result.Response,
            Source = result.Source,
            Decision = result.Decision,
            Sources = result.Sources,
            Citations = result.Citations,
            Understood = result.Understood,
            Folded = StoredExchange.Fold(question, result.Response),
            Why = JsonSerializer.Serialize(result.Why, WireJson.Options),
            Confidence = result.Confidence,
            Language = result.Language,
            Degradation = result.Degradation,
            Cached = result.Cached,
            ResponseTimeMs = took,
            AskedAt = now,
        };
        db.Exchanges.Add(exchange);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException postgres)
        {
            switch (postgres.SqlState, postgres.ConstraintName)
            {
                // The connection broke after the commit and the repeated insert met its own row: stored, once.
                case (PostgresErrorCodes.UniqueViolation, "pk_exchanges" or "pk_conversations"):
                    break;
                case (PostgresErrorCodes.ForeignKeyViolation, "fk_conversations_user_id" or "fk_exchanges_user_id"):
                    return Problems.AccountGone();
                case (PostgresErrorCodes.ForeignKeyViolation, "fk_exchanges_conversation_id"):
                    return Problems.ConversationNotFound();
                default:
                    throw;
            }
        }
        catch (DbUpdateConcurrencyException)
        {
            return Problems.ConversationNotFound();
        }

        return exchange.ToAnswer();
    }

    private static ChatAnswer Answer(AnswerResult result, double took) => new()
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
        ResponseTimeMs = took,
    };
}
