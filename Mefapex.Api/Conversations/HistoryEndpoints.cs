using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Conversations;

/// <summary>The history path of the old contract.</summary>
internal static class HistoryEndpoints
{
    public static void MapHistory(this IEndpointRouteBuilder endpoints)
    {
        var history = endpoints.MapGroup("/api/chat/history")
            .WithTags("Conversations").Requires(Policies.Chat).NeedsDatabase().ForTenant();
        history.MapGet("", ReadAsync);
        history.MapDelete("", ClearAsync);
    }

    private static async Task<Ok<ChatHistory>> ReadAsync(Caller caller, MefapexDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok(await History.ReadAsync(db, caller.UserId, History.Newest, cancellationToken));

    private static async Task<Ok<Message>> ClearAsync(
        Caller caller, MefapexDb db, ConversationContexts contexts, CancellationToken cancellationToken)
    {
        await History.ClearAsync(db, contexts, caller.UserId, cancellationToken);
        return TypedResults.Ok(new Message(Texts.HistoryCleared));
    }
}
