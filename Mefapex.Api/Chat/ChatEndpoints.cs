using Mefapex.Api.Accounts;
using Mefapex.Api.Chat.Sockets;
using Mefapex.Api.Chat.Suggestions;
using Mefapex.Api.Http;
using Mefapex.Api.Keys;
using Mefapex.Api.Limits;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Mefapex.Api.Chat;

internal static class ChatEndpoints
{
    private const int MaxBodyBytes = 64 * 1024;

    private const string WithKey =
        "With an API key the question stands alone: it is answered from the knowledge that is for everybody of the key's tenant, "
        + "and neither question nor answer is kept. A session_id is answered with 403, as conversations belong to people.";

    public static WebApplicationBuilder AddChat(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ChatOptions>().BindConfiguration(ChatOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ConversationContexts>();
        builder.Services.AddScoped<ChatService>();
        builder.Services.AddScoped<Answering>();
        builder.Services.AddChatSockets();
        builder.Services.AddSingleton<SuggestionService>();
        builder.Services.AddSingleton<RunningAnswers>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RunningAnswers>());
        return builder;
    }

    /// <summary>The paths of the old contract; the versioned ones are with the conversations.</summary>
    public static void MapChat(this IEndpointRouteBuilder endpoints)
    {
        var open = endpoints.MapGroup("").WithTags("Chat").AllowAnonymous().NeedsDatabase().RefusesBadTokens().ForTenant().TakesKeys();
        open.MapPost("/chat", AskAsync).TakesQuestions();
        open.MapPost("/chat/public", AskAsync).TakesQuestions();

        var signedIn = endpoints.MapGroup("").WithTags("Chat").NeedsDatabase().Requires(Policies.Chat).ForTenant();
        signedIn.MapPost("/chat/authenticated", AskAsync).TakesQuestions().TakesKeys().WithDescription(WithKey);
        signedIn.MapPost("/api/chat/message", AskAsync).TakesQuestions().TakesKeys().WithDescription(WithKey);

        endpoints.MapChatSockets();
        endpoints.MapSuggestions();
    }

    /// <summary>Refuses bodies that are far larger than the longest question can be, however it is escaped, and counts
    /// as chat.</summary>
    public static TBuilder TakesQuestions<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes)).LimitedAs(LimitKind.Chat);

    private static async Task<Results<Ok<ChatAnswer>, ProblemHttpResult>> AskAsync(
        ChatRequest request,
        Caller? caller,
        RequestTenant tenant,
        ChatService chat,
        CancellationToken cancellationToken) =>
        (await chat.AskAsync(tenant.Scope, caller, request.SessionId, request, cancellationToken)).ToResult();
}
