using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Mefapex.Api.Keys;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Chat.Suggestions;

internal static class SuggestionEndpoints
{
    public static void MapSuggestions(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/api/v1/suggestions", ListAsync)
            .WithTags("Chat").AllowAnonymous().NeedsDatabase().RefusesBadTokens().ForTenant().TakesKeys();

    /// <param name="lang"><c>tr</c> or <c>en</c>; the tenant's own language when it is missing.</param>
    private static async Task<Results<Ok<SuggestionList>, ProblemHttpResult>> ListAsync(
        Caller? caller,
        RequestTenant tenant,
        SuggestionService suggestions,
        CancellationToken cancellationToken,
        string? lang = null,
        int limit = 4)
    {
        if (limit is < 1 or > SuggestionService.Most)
            return Problems.LimitOutOfRange(1, SuggestionService.Most);
        if (lang is not (null or "tr" or "en"))
            return ChatProblems.LanguageUnknown();

        var found = await suggestions.GetAsync(tenant.Scope, Reader.Of(caller), lang ?? tenant.Scope.Locale, cancellationToken);
        return TypedResults.Ok(new SuggestionList([.. found.Take(limit)]));
    }
}
