using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Mefapex.Api.Conversations;

/// <summary>
/// Conversations as sessions of the old contract, whose clients name sessions themselves and hand in what was said.
/// </summary>
internal static class SessionEndpoints
{
    private const int Newest = 100;
    private const int MaxMessages = 200;
    private const int MaxCharacters = 20_000;
    private const int MaxSessionId = 200;
    private const int MaxSource = 40;
    private const int PreviewLength = 100;

    public static void MapSessions(this IEndpointRouteBuilder endpoints)
    {
        var sessions = endpoints.MapGroup("/chat/sessions").WithTags("Conversations").Requires(Policies.Chat).NeedsDatabase().ForTenant();
        sessions.MapPost("/save", SaveAsync);
        sessions.MapGet("/{userId}", ListAsync);
        sessions.MapGet("/{sessionId}/messages", MessagesAsync);
    }

    private static async Task<Results<Ok<SessionList>, ProblemHttpResult>> ListAsync(
        string userId,
        Caller caller,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(userId, out var id) || id != caller.UserId)
            return ChatProblems.PersonNotFound();

        var rows = await db.Conversations
            .Where(c => c.UserId == caller.UserId)
            .OrderByDescending(c => c.UpdatedAt).ThenByDescending(c => c.Id)
            .Take(Newest)
            .Select(c => new
            {
                Conversation = c,
                Count = db.Exchanges.Count(e => e.ConversationId == c.Id),
                Last = db.Exchanges
                    .Where(e => e.ConversationId == c.Id)
                    .OrderByDescending(e => e.AskedAt).ThenByDescending(e => e.Id)
                    .Select(e => e.Question)
                    .FirstOrDefault(),
            })
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(new SessionList(
        [
            .. rows.Select(r => new SessionSummary(
                r.Conversation.Id.ToString(),
                r.Conversation.CreatedAt,
                r.Conversation.UpdatedAt,
                r.Count,
                Conversation.Shorten(r.Last ?? "", PreviewLength),
                r.Conversation.Title)),
        ]));
    }

    private static async Task<Results<Ok<SessionMessages>, ProblemHttpResult>> MessagesAsync(
        string sessionId,
        Caller caller,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        Guid[] ids = [IdOf(caller, sessionId), Guid.TryParse(sessionId, out var id) ? id : default];
        var conversation = await db.Conversations.AsNoTracking()
            .FirstOrDefaultAsync(c => ids.Contains(c.Id) && c.UserId == caller.UserId, cancellationToken);
        if (conversation is null)
            return Problems.ConversationNotFound();

        var exchanges = await db.Exchanges.AsNoTracking()
            .Where(e => e.ConversationId == conversation.Id)
            .OrderBy(e => e.AskedAt).ThenBy(e => e.Id)
            .Select(e => new { e.Id, e.Question, e.Response, e.Source, e.AskedAt })
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(new SessionMessages(
            conversation.Id.ToString(),
            [
                .. exchanges.SelectMany(e => (SessionMessage[])
                [
                    new(SessionMessage.User, e.Question, e.AskedAt, e.Id.ToString()),
                    new(SessionMessage.Assistant, e.Response, e.AskedAt, e.Id.ToString(), e.Source),
                ]),
            ]));
    }

    private static async Task<Results<Ok<SessionSaved>, ProblemHttpResult>> SaveAsync(
        SaveSession request,
        Caller caller,
        RequestTenant tenant,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (request is not { SessionId.Length: > 0 and <= MaxSessionId, Messages: not null })
            return ChatProblems.SessionMissing();
        if (request.Messages.Count > MaxMessages || request.Messages.Any(m => !IsWhole(m)))
            return ChatProblems.SessionMessages(MaxMessages, MaxCharacters);

        try
        {
            return await db.InTransactionAsync<Results<Ok<SessionSaved>, ProblemHttpResult>>(
                async () =>
                {
                    if (await OpenAsync(db, tenant.Id, caller, request.SessionId, time.GetUtcNow(), cancellationToken) is not { } conversation)
                        return Problems.ConversationNotFound();
                    var saved = await AddAsync(db, conversation, request.Messages, time.GetUtcNow(), cancellationToken);
                    return TypedResults.Ok(new SessionSaved(true, conversation.Id.ToString(), saved));
                },
                cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException
        {
            SqlState: PostgresErrorCodes.ForeignKeyViolation,
            ConstraintName: "fk_conversations_user_id",
        })
        {
            return Problems.AccountGone();
        }
    }

    private static bool IsWhole(SavedMessage? message) =>
        message is not null
        && ChatService.Clean(message.UserMessage).Length is > 0 and <= MaxCharacters
        && ChatService.Clean(message.BotResponse).Length is > 0 and <= MaxCharacters;

    /// <summary>The caller's conversation of that name, locked until the transaction ends; made when there is none.</summary>
    /// <returns>Null when the name is the id of somebody else's.</returns>
    private static async Task<Conversation?> OpenAsync(
        MefapexDb db,
        Guid tenantId,
        Caller caller,
        string sessionId,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        if (Guid.TryParse(sessionId, out var id) && await LockedAsync(id) is { } named)
            return named.UserId == caller.UserId && named.TenantId == tenantId ? named : null;

        var own = IdOf(caller, sessionId);
        await db.Database.ExecuteSqlAsync(
            $"""
            insert into conversations (id, tenant_id, user_id, title, folded_title, pinned, revision, created_at, updated_at)
            values ({own}, {tenantId}, {caller.UserId}, '', '', false, 1, {now}, {now})
            on conflict do nothing
            """, cancellationToken);
        return await LockedAsync(own);

        Task<Conversation?> LockedAsync(Guid wanted) =>
            db.Conversations.FromSql($"select * from conversations where id = {wanted} for update").SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>Adds what the server does not have yet: an exchange that was said twice and is stored once is stored again.</summary>
    private static async Task<int> AddAsync(
        MefapexDb db,
        Conversation conversation,
        IReadOnlyList<SavedMessage> messages,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var stored = await db.Exchanges
            .Where(e => e.ConversationId == conversation.Id)
            .Select(e => new { e.Question, e.Response })
            .ToListAsync(cancellationToken);
        var known = stored
            .GroupBy(e => (e.Question, Response: ChatService.Clean(e.Response)))
            .ToDictionary(g => g.Key, g => g.Count());
        var saved = 0;
        foreach (var message in messages)
        {
            var key = (Question: ChatService.Clean(message.UserMessage), Response: ChatService.Clean(message.BotResponse));
            if (known.TryGetValue(key, out var left) && left > 0)
            {
                known[key] = left - 1;
                continue;
            }

            // A microsecond apart, which is what PostgreSQL tells apart, they keep their order.
            var at = now.AddMicroseconds(saved++);
            db.Exchanges.Add(Imported(conversation, key.Question, key.Response, message.Source, at));
            conversation.UpdatedAt = at;
            if (conversation.Title.Length == 0)
                conversation.Name(Conversation.TitleOf(key.Question));
        }

        await db.SaveChangesAsync(cancellationToken);
        return saved;
    }

    /// <summary>An exchange as a client tells it: it rests on no source of ours, and nothing is known of how it was made.</summary>
    private static StoredExchange Imported(
        Conversation conversation, string question, string response, string? source, DateTimeOffset at) => new()
    {
        Id = Guid.CreateVersion7(at),
        ConversationId = conversation.Id,
        TenantId = conversation.TenantId,
        UserId = conversation.UserId,
        Question = question,
        Response = response,
        Source = ChatService.Clean(source) is { Length: > 0 and <= MaxSource } said ? said : "none",
        Decision = Decision.Answer,
        Sources = [],
        Folded = StoredExchange.Fold(question, response),
        Why = """{"imported":true}""",
        Confidence = 0,
        Language = "tr",
        Degradation = Degradation.ApprovedOnly,
        Cached = false,
        ResponseTimeMs = 0,
        AskedAt = at,
    };

    /// <summary>The id of the conversation that stands for a session which a client of the caller has named.</summary>
    private static Guid IdOf(Caller caller, string sessionId)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{caller.UserId:N}/{sessionId}")).AsSpan(0, 16);
        // Version 8 and the variant of RFC 9562: a UUID of one's own making.
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}
