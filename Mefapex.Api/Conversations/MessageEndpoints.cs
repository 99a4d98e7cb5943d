using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;

namespace Mefapex.Api.Conversations;

/// <summary>The questions and answers of a conversation.</summary>
internal static class MessageEndpoints
{
    public static void MapMessages(this IEndpointRouteBuilder conversations)
    {
        var messages = conversations.MapGroup("/{id:guid}/messages");
        messages.MapGet("", ListAsync);
        messages.MapPost("", AskAsync).TakesQuestions();
        messages.MapGet("/{messageId:guid}/events", FollowAsync);
        messages.MapDelete("/{messageId:guid}", CancelAsync);
        messages.MapPost("/{messageId:guid}/cancel", CancelAsync);
    }

    private static async Task<Results<Ok<Page<Exchange>>, ProblemHttpResult>> ListAsync(
        Guid id,
        Caller caller,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 50)
    {
        if (limit is < 1 or > ConversationEndpoints.MaxPage)
            return Problems.LimitOutOfRange(1, ConversationEndpoints.MaxPage);
        if (!await db.Conversations.AnyAsync(c => c.Id == id && c.UserId == caller.UserId, cancellationToken))
            return Problems.ConversationNotFound();

        var query = db.Exchanges.Where(e => e.ConversationId == id);
        return query.OldestFirst(cursor, e => new(e.AskedAt, e.Id)) is { } exchanges
            ? TypedResults.Ok(await exchanges.ToPageAsync(
                limit,
                e => new { Exchange = e, Feedback = db.Feedback.FirstOrDefault(f => f.ExchangeId == e.Id) },
                row => new Cursor(row.Exchange.AskedAt, row.Exchange.Id),
                row => row.Exchange.ToWire(row.Feedback),
                cancellationToken))
            : Problems.CursorInvalid();
    }

    private static async Task<Results<Ok<ChatAnswer>, AnswerEventStream, ProblemHttpResult>> AskAsync(
        Guid id,
        ChatRequest request,
        Caller caller,
        HttpRequest http,
        RequestTenant tenant,
        ChatService chat,
        CancellationToken cancellationToken)
    {
        var (run, problem) = await chat.StartAsync(tenant.Scope, caller, id.ToString(), request, cancellationToken);
        if (run is null)
            return problem!;
        if (AcceptsEvents(http))
            return new AnswerEventStream(run);
        var reply = await run.Reply.WaitAsync(cancellationToken);
        return reply.Answer is { } answer ? TypedResults.Ok(answer) : reply.Problem!;
    }

    /// <summary>The events of an answer from the beginning, or behind the one named by <c>Last-Event-ID</c>.</summary>
    private static async Task<Results<AnswerEventStream, NoContent, ProblemHttpResult>> FollowAsync(
        Guid id,
        Guid messageId,
        Caller caller,
        HttpRequest http,
        ChatService chat,
        CancellationToken cancellationToken)
    {
        if (await chat.FollowAsync(caller, id, messageId, cancellationToken) is not { } run)
            return ChatProblems.MessageNotFound();
        if (AnswerEventStream.NextAfter(http, messageId) is not { } first)
            return ChatProblems.LastEventIdInvalid();

        // Whoever has the last event already is told not to come back.
        return run.From(first) is { Ended: true, Events.Count: 0 } ? TypedResults.NoContent() : new AnswerEventStream(run, first);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> CancelAsync(
        Guid id,
        Guid messageId,
        Caller caller,
        ChatService chat,
        CancellationToken cancellationToken) =>
        await chat.CancelAsync(caller, id, messageId, cancellationToken) switch
        {
            true => TypedResults.NoContent(),
            false => ChatProblems.AnswerFinished(),
            null => ChatProblems.MessageNotFound(),
        };

    private static bool AcceptsEvents(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(type => type.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));
}
