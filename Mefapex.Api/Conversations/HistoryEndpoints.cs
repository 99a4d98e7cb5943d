using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Conversations;

/// <summary>All conversations of a caller as one list: the path of the old contract.</summary>
internal static class HistoryEndpoints
{
    private const int Newest = 100;

    public static void MapHistory(this IEndpointRouteBuilder endpoints)
    {
        var history = endpoints.MapGroup("/api/chat/history")
            .WithTags("Conversations").RequireAuthorization().NeedsDatabase();
        history.MapGet("", ReadAsync);
        history.MapDelete("", ClearAsync);
    }

    private static async Task<Ok<ChatHistory>> ReadAsync(Caller caller, MefapexDb db, CancellationToken cancellationToken)
    {
        var mine = db.Exchanges.Where(e => e.UserId == caller.UserId);
        var rows = await mine
            .OrderByDescending(e => e.AskedAt).ThenByDescending(e => e.Id)
            .Take(Newest)
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        rows.Reverse();
        return TypedResults.Ok(new ChatHistory(
            rows.LastOrDefault()?.ConversationId.ToString(),
            [.. rows.Select(row => row.ToHistory())],
            rows.Count < Newest ? rows.Count : await mine.CountAsync(cancellationToken)));
    }

    private static async Task<Ok<Message>> ClearAsync(Caller caller, MefapexDb db, CancellationToken cancellationToken)
    {
        await db.Conversations.Where(c => c.UserId == caller.UserId).ExecuteDeleteAsync(cancellationToken);
        return TypedResults.Ok(new Message(Texts.HistoryCleared));
    }
}
