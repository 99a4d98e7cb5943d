using Mefapex.Web.Shell;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Primitives;

namespace Mefapex.Web.Accounts;

internal static class AccountsFeature
{
    public const string SignInPath = "/login";
    public const string SignOutPath = "/logout";

    private const string SessionCookie = "mefapex.session";

    public static void AddAccounts(this IServiceCollection services)
    {
        services.AddSingleton<SessionStore>();
        services.AddScoped<CurrentSession>();

        services.AddDataProtection().SetApplicationName("Mefapex.Web");

        // It warns that keys lie on the disk as they are: they do, in a folder that only this account can read.
        services.AddLogging(logging => logging.AddFilter(typeof(XmlKeyManager).FullName, LogLevel.Error));
        services.AddOptions<KeyManagementOptions>().Configure<StateFolder, ILoggerFactory>((keys, state, loggers) =>
        {
            if (state.Private("keys") is { } folder)
                keys.XmlRepository = new FileSystemXmlRepository(folder, loggers);
        });

        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
        services.AddOptions<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme)
            .Configure<SessionStore>((cookies, sessions) =>
            {
                cookies.Cookie.Name = SessionCookie;
                cookies.Cookie.HttpOnly = true;
                cookies.Cookie.SameSite = SameSiteMode.Lax;
                cookies.LoginPath = SignInPath;
                cookies.AccessDeniedPath = SignInPath;
                cookies.ReturnUrlParameter = "returnUrl";
                cookies.SlidingExpiration = false;
                cookies.SessionStore = sessions;
            });
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();
        services.AddAntiforgery(antiforgery => antiforgery.Cookie.Name = "mefapex.antiforgery");
    }

    public static void UseAccounts(this WebApplication app)
    {
        app.Use(StartAfresh);
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
    }

    public static void MapAccounts(this IEndpointRouteBuilder routes) => routes.MapPost(SignOutPath, SignOutAsync);

    /// <summary>
    /// Signing in begins a session of its own: the cookie handler would otherwise carry on the one that the browser
    /// brought along, which somebody else may have planted there.
    /// </summary>
    private static Task StartAfresh(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.Equals(SignInPath, StringComparison.OrdinalIgnoreCase))
        {
            context.Request.Headers.Cookie = context.Request.Headers.Cookie
                .SelectMany(header => (header ?? "").Split(';', StringSplitOptions.TrimEntries))
                .Where(cookie => !cookie.StartsWith(SessionCookie, StringComparison.Ordinal))
                .ToArray() is { Length: > 0 } others ? string.Join("; ", others) : default(StringValues);
        }

        return next(context);
    }

    private static async Task<Results<RedirectHttpResult, BadRequest>> SignOutAsync(
        HttpContext context,
        IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
            return TypedResults.BadRequest();

        await context.SignOutAsync();
        return TypedResults.Redirect(SignInPath);
    }
}
