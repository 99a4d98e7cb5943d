using System.Text.Json;
using Mefapex.Api.Accounts;
using Mefapex.Api.Conversations;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Quotas;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Mefapex.Api.Chat;

/// <summary>A question of somebody signed in, checked.</summary>
/// <param name="Text">Trimmed, 1 to <see cref="ChatService.MaxLength"/> characters.</param>
/// <param name="IsNew">Whether the conversation begins with it.</param>
/// <param name="Context">What it may refer back to.</param>
/// <param name="Started">Time stamp of the request.</param>
/// <param name="Place">Its place in the tenant's quota.</param>
/// <param name="Origin">The socket that it came through; null for none.</param>
internal sealed record AcceptedQuestion(
    TenantScope Tenant,
    Caller Caller,
    Guid MessageId,
    string Text,
    Conversation Conversation,
    bool IsNew,
    ConversationContext? Context,
    long Started,
    QuestionPlace Place,
    Guid? Origin = null);

/// <summary>Answers a question and stores both, once.</summary>
internal sealed class Answering(MefapexDb db, AnswerService answers, ConversationContexts contexts, TimeProvider time)
{
    public async Task RunAsync(AcceptedQuestion asked, AnswerRun run)
    {
        var result = await answers.AnswerAsync(
            asked.Tenant, Reader.Of(asked.Caller), asked.Text, asked.Context, run.Cancellation);
        var exchange = Exchange(asked, result);
        run.Write(exchange.ToAnswer());
        run.BeginStoring();
        var reply = await StoreAsync(asked, exchange, CancellationToken.None);
        if (reply.Answer is not { } answer)
        {
            run.End(reply.Problem!);
            return;
        }

        run.End(answer);
        if (answer.Decision != Decision.Smalltalk)
        {
            await contexts.KeepAsync(
                asked.Conversation,
                ConversationContexts.Of(exchange.Understood ?? exchange.Question, answer.Decision, answer.Sources),
                CancellationToken.None);
        }
    }

    private StoredExchange Exchange(AcceptedQuestion asked, AnswerResult result) => new()
    {
        Id = asked.MessageId,
        ConversationId = asked.Conversation.Id,
        TenantId = asked.Tenant.Id,
        UserId = asked.Caller.UserId,
        Question = asked.Text,
        Response = result.Response,
        Source = result.Source,
        Decision = result.Decision,
        Sources = result.Sources,
        Citations = result.Citations,
        Understood = result.Understood,
        Folded = StoredExchange.Fold(asked.Text, result.Response),
        Why = JsonSerializer.Serialize(result.Why, WireJson.Options),
        Confidence = result.Confidence,
        Language = result.Language,
        Degradation = result.Degradation,
        Cached = result.Cached,
        ResponseTimeMs = time.GetElapsedTime(asked.Started).TotalMilliseconds,
        AskedAt = time.GetUtcNow(),
    };

    private async Task<ChatReply> StoreAsync(AcceptedQuestion asked, StoredExchange exchange, CancellationToken cancellationToken)
    {
        var conversation = asked.Conversation;
        if (asked.IsNew)
            db.Conversations.Add(conversation);
        else
            db.Conversations.Attach(conversation);
        conversation.UpdatedAt = exchange.AskedAt;
        if (conversation.Title.Length == 0)
            conversation.Name(Conversation.TitleOf(asked.Text));
        db.Exchanges.Add(exchange);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException postgres)
        {
            switch (postgres.SqlState, postgres.ConstraintName)
            {
                // The connection broke after the commit and the repeated insert met its own row, or another replica was
                // asked the same: stored, once.
                case (PostgresErrorCodes.UniqueViolation, "pk_exchanges" or "pk_conversations"):
                    return await StoredAsync(asked, cancellationToken);
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

    private async Task<ChatReply> StoredAsync(AcceptedQuestion asked, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        var stored = await db.Exchanges.AsNoTracking().SingleOrDefaultAsync(
            e => e.Id == asked.MessageId && e.UserId == asked.Caller.UserId, cancellationToken);
        return stored is not null && stored.Question == asked.Text
            ? stored.ToAnswer()
            : ChatProblems.MessageIdTaken(asked.MessageId);
    }
}
