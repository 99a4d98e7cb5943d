using System.Net.ServerSentEvents;
using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;

namespace Mefapex.Api.Conversations;

internal static class ConversationEndpoints
{
    private const int MaxPage = 100;

    public static void MapConversations(this IEndpointRouteBuilder endpoints)
    {
        var conversations = endpoints.MapGroup("/api/v1/conversations")
            .WithTags("Conversations").RequireAuthorization().NeedsDatabase();
        conversations.MapGet("", ListAsync);
        conversations.MapPost("", CreateAsync);
        conversations.MapDelete("/{id:guid}", DeleteAsync);
        conversations.MapGet("/{id:guid}/messages", MessagesAsync);
        conversations.MapPost("/{id:guid}/messages", AskAsync);
    }

    private static async Task<Results<Ok<Page<ConversationSummary>>, ProblemHttpResult>> ListAsync(
        Caller caller,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);

        var query = db.Conversations.Where(c => c.UserId == caller.UserId);
        if (cursor is not null)
        {
            if (Cursor.Parse(cursor) is not { } after)
                return Problems.CursorInvalid();
            query = query.Where(c => EF.Functions.LessThan(
                ValueTuple.Create(c.UpdatedAt, c.Id), ValueTuple.Create(after.At, after.Id)));
        }

        var rows = await query
            .OrderByDescending(c => c.UpdatedAt).ThenByDescending(c => c.Id)
            .Take(limit + 1)
            .Select(c => new
            {
                Conversation = c,
                Count = db.Exchanges.Count(e => e.ConversationId == c.Id),
            })
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Pages.Of(
            rows,
            limit,
            row => new(row.Conversation.UpdatedAt, row.Conversation.Id),
            row => row.Conversation.ToWire(row.Count)));
    }

    private static async Task<Results<Created<ConversationSummary>, ProblemHttpResult>> CreateAsync(
        Caller caller,
        [FromHeader(Name = RequestTenant.Header)] string? askedTenant,
        RequestTenant tenants,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (tenant, problem) = await tenants.ResolveAsync(caller, askedTenant, cancellationToken);
        if (tenant is null)
            return problem!;
        if (!await db.Users.AnyAsync(u => u.Id == caller.UserId, cancellationToken))
            return Problems.AccountGone();

        var conversation = Conversation.Start(tenant.Id, caller.UserId, time.GetUtcNow());
        db.Conversations.Add(conversation);
        await db.SaveChangesAsync(cancellationToken);
        return TypedResults.Created($"/api/v1/conversations/{conversation.Id}/messages", conversation.ToWire(0));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Caller caller,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        var deleted = await db.Conversations
            .Where(c => c.Id == id && c.UserId == caller.UserId)
            .ExecuteDeleteAsync(cancellationToken);
        return deleted == 0 ? Problems.ConversationNotFound() : TypedResults.NoContent();
    }

    private static async Task<Results<Ok<Page<Exchange>>, ProblemHttpResult>> MessagesAsync(
        Guid id,
        Caller caller,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 50)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        if (!await db.Conversations.AnyAsync(c => c.Id == id && c.UserId == caller.UserId, cancellationToken))
            return Problems.ConversationNotFound();

        var query = db.Exchanges.Where(e => e.ConversationId == id);
        if (cursor is not null)
        {
            if (Cursor.Parse(cursor) is not { } after)
                return Problems.CursorInvalid();
            query = query.Where(e => EF.Functions.GreaterThan(
                ValueTuple.Create(e.AskedAt, e.Id), ValueTuple.Create(after.At, after.Id)));
        }

        var rows = await query
            .OrderBy(e => e.AskedAt).ThenBy(e => e.Id)
            .Take(limit + 1)
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Pages.Of(rows, limit, row => new(row.AskedAt, row.Id), row => row.ToWire()));
    }

    private static async Task<Results<Ok<ChatAnswer>, ServerSentEventsResult<object>, ProblemHttpResult>> AskAsync(
        Guid id,
        ChatRequest request,
        Caller caller,
        [FromHeader(Name = RequestTenant.Header)] string? askedTenant,
        HttpRequest http,
        RequestTenant tenants,
        ChatService chat,
        CancellationToken cancellationToken)
    {
        var (tenant, problem) = await tenants.ResolveAsync(caller, askedTenant, cancellationToken);
        if (tenant is null)
            return problem!;

        var reply = await chat.AskAsync(tenant, caller, id.ToString(), request.Message, cancellationToken);
        if (reply.Answer is not { } answer)
            return reply.Problem!;
        return AcceptsEvents(http)
            ? TypedResults.ServerSentEvents(AnswerStream.Of(answer))
            : TypedResults.Ok(answer);
    }

    private static bool AcceptsEvents(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(type => type.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));
}
