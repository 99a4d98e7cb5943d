using Mefapex.Api.Http;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts;

/// <summary>
/// Keeps pages of other sites from acting with a person's cookies: a request that changes something by cookie must come
/// from our own host or a configured origin. Browsers say where it comes from (Sec-Fetch-Site, Origin) and let no page
/// change that; who sends neither is no browser and nobody's cookies can be borrowed through it.
/// </summary>
internal static class CrossSite
{
    public static void UseCrossSiteChecks(this WebApplication app) => app.Use(async (context, next) =>
    {
        var request = context.Request;
        if (IsSafe(request.Method)
            || !(SessionCookies.In(request) || SetsCookies(request))
            || IsOurs(request, context.RequestServices.GetRequiredService<IOptions<WebOptions>>().Value))
        {
            await next(context);
            return;
        }

        await AccountProblems.CrossSite(request.Headers.Origin.ToString()).ExecuteAsync(context);
    });

    private static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    // A page that signs its visitor in under a name of its own learns what is asked there.
    private static bool SetsCookies(HttpRequest request) =>
        request.Headers.Authorization.Count == 0 && request.Path.StartsWithSegments(SessionCookies.RefreshPath, StringComparison.OrdinalIgnoreCase);

    private static bool IsOurs(HttpRequest request, WebOptions web)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var origin = request.Headers.Origin.ToString();
        if (site is "same-origin" or "none")
            return true;
        if (origin.Length == 0)
            return site.Length == 0;

        // "*" may open public answers to every page, never a person's cookies.
        return web.AllowedOrigins.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Append(web.Url.GetLeftPart(UriPartial.Authority))
            .Append($"{request.Scheme}://{request.Host}")
            .Any(known => string.Equals(known.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase));
    }
}
