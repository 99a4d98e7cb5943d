using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Mefapex.Api.Chat.Suggestions;

internal static class SuggestionEndpoints
{
    public static void MapSuggestions(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/api/v1/suggestions", ListAsync).WithTags("Chat").NeedsDatabase().RefusesBadTokens();

    /// <param name="lang"><c>tr</c> or <c>en</c>; the tenant's own language when it is missing.</param>
    private static async Task<Results<Ok<SuggestionList>, ProblemHttpResult>> ListAsync(
        Caller? caller,
        [FromHeader(Name = RequestTenant.Header)] string? askedTenant,
        RequestTenant tenants,
        SuggestionService suggestions,
        CancellationToken cancellationToken,
        string? lang = null,
        int limit = 4)
    {
        var (tenant, problem) = await tenants.ResolveAsync(caller, askedTenant, cancellationToken);
        if (tenant is null)
            return problem!;
        if (limit is < 1 or > SuggestionService.Most)
            return Problems.LimitOutOfRange(1, SuggestionService.Most);
        if (lang is not (null or "tr" or "en"))
            return ChatProblems.LanguageUnknown();

        var found = await suggestions.GetAsync(tenant, Reader.Of(caller), lang ?? tenant.Locale, cancellationToken);
        return TypedResults.Ok(new SuggestionList([.. found.Take(limit)]));
    }
}
