using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Mefapex.Api.Chat;

internal static class ChatEndpoints
{
    public static WebApplicationBuilder AddChat(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<ChatService>();
        return builder;
    }

    /// <summary>The paths of the old contract; the versioned ones are with the conversations.</summary>
    public static void MapChat(this IEndpointRouteBuilder endpoints)
    {
        var open = endpoints.MapGroup("").WithTags("Chat").NeedsDatabase().RefusesBadTokens();
        open.MapPost("/chat", AskAsync);
        open.MapPost("/chat/public", AskAsync);

        var signedIn = endpoints.MapGroup("").WithTags("Chat").NeedsDatabase().RequireAuthorization();
        signedIn.MapPost("/chat/authenticated", AskAsync);
        signedIn.MapPost("/api/chat/message", AskAsync);
    }

    private static async Task<Results<Ok<ChatAnswer>, ProblemHttpResult>> AskAsync(
        ChatRequest request,
        Caller? caller,
        [FromHeader(Name = RequestTenant.Header)] string? askedTenant,
        RequestTenant tenants,
        ChatService chat,
        CancellationToken cancellationToken)
    {
        var (tenant, problem) = await tenants.ResolveAsync(caller, askedTenant, cancellationToken);
        return tenant is null
            ? problem!
            : (await chat.AskAsync(tenant, caller, request.SessionId, request.Message, cancellationToken)).ToResult();
    }
}
