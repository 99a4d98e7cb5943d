using Mefapex.Api.Keys;
using Microsoft.AspNetCore.Authentication;

namespace Mefapex.Api.Accounts;

internal static class BadTokens
{
    /// <summary>
    /// For paths that are open to everybody: who shows a token that does not hold (expired, forged) is told so instead
    /// of being taken for an anonymous visitor.
    /// </summary>
    public static TBuilder RefusesBadTokens<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            var shown = http.Request.Headers.Authorization.Count > 0
                || SessionCookies.AccessToken(http.Request) is not null
                || ShownKey.In(http.Request) is not null;
            if (http.User.Identity is { IsAuthenticated: true } || !shown)
                return await next(context);
            await http.ChallengeAsync();
            return Results.Empty;
        });
}
