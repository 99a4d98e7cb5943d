using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace Mefapex.Api.Accounts;

/// <summary>Tokens in cookies, out of reach of a page's scripts, for callers that send no Authorization header.</summary>
internal static class SessionCookies
{
    /// <summary>The part of the API that gets to see refresh tokens.</summary>
    public const string RefreshPath = "/api/auth";

    private const string Access = "access_token";
    private const string Refresh = "refresh_token";

    public static string? AccessToken(HttpRequest request) => request.Cookies[Access];

    public static string? RefreshToken(HttpRequest request) => request.Cookies[Refresh];

    /// <summary>Whether the request relies on what a browser attaches by itself.</summary>
    public static bool In(HttpRequest request) =>
        request.Headers.Authorization.Count == 0 && (request.Cookies.ContainsKey(Access) || request.Cookies.ContainsKey(Refresh));

    public static void Write(HttpResponse response, SignedIn signedIn)
    {
        response.Cookies.Append(Access, signedIn.Access.Value, Options("/", signedIn.Access.ExpiresAt));
        response.Cookies.Append(Refresh, signedIn.Refresh, Options(RefreshPath, signedIn.RefreshExpiresAt));
    }

    public static void Remove(HttpResponse response)
    {
        response.Cookies.Delete(Access, Options("/", expires: null));
        response.Cookies.Delete(Refresh, Options(RefreshPath, expires: null));
    }

    /// <summary>Lets the cookie stand for the header, and refuses the tokens of sessions that are over.</summary>
    public static void AddSessionChecks(this IServiceCollection services) =>
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).PostConfigure<LiveSessions>((bearer, live) =>
        {
            var otherwise = bearer.Events.OnMessageReceived;
            bearer.Events.OnMessageReceived = context =>
            {
                if (context.Request.Headers.Authorization.Count == 0)
                    context.Token ??= AccessToken(context.Request);
                return otherwise(context);
            };
            bearer.Events.OnTokenValidated = async context =>
            {
                if (Guid.TryParse(context.Principal?.FindFirst(TokenClaims.Session)?.Value, out var session)
                    && !await live.IsLiveAsync(session, context.HttpContext.RequestAborted))
                {
                    context.Fail(new SessionEndedException());
                }
            };
        });

    private static CookieOptions Options(string path, DateTimeOffset? expires) => new()
    {
        Path = path,
        Expires = expires,
        HttpOnly = true,
        Secure = true,
        SameSite = SameSiteMode.Strict,
        IsEssential = true,
    };
}
