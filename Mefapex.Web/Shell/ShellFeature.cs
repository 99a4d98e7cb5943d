using System.Text.Encodings.Web;
using System.Text.Unicode;
using Mefapex.ServiceDefaults;
using Mefapex.Web.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Localization;
using Microsoft.Extensions.WebEncoders;

namespace Mefapex.Web.Shell;

/// <summary>What surrounds every page: rendering, languages, preferences, error pages, security headers.</summary>
internal static class ShellFeature
{
    public static void AddShell(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<WebOptions>().Bind(configuration.GetSection("Web"));
        services.AddSingleton<StateFolder>();
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddLocalization();
        services.Configure<CookiePolicyOptions>(cookies => cookies.OnAppendCookie = cookie =>
        {
            // The page's own script switches the theme without a round trip.
            if (cookie.CookieName == Preferences.ThemeCookie)
                cookie.CookieOptions.HttpOnly = false;
        });
        services.Configure<SecurityHeaderOptions>(headers =>
        {
            headers.ContentPolicy = PagePolicy.Of;
            headers.ReferrerPolicy = "same-origin";
        });
        services.Configure<WebEncoderOptions>(encoders => encoders.TextEncoderSettings = new TextEncoderSettings(UnicodeRanges.All));
        services.Configure<RequestLocalizationOptions>(localization =>
            localization.RequestCultureProviders.Insert(0, new CookieRequestCultureProvider { CookieName = Preferences.LanguageCookie }));
    }

    public static void UseShell(this WebApplication app)
    {
        app.UseExceptionHandler("/error", createScopeForErrors: true);
        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        app.UseTimeLimits();
    }

    public static void MapShell(this WebApplication app)
    {
        app.MapStaticAssets();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(
            mode => mode.ContentSecurityFrameAncestorsPolicy = null);
        app.MapGet("/preferences/language/{language}", SetLanguage);
        app.MapGet("/preferences/theme/{theme}", SetTheme);
    }

    private static Results<RedirectHttpResult, NotFound> SetLanguage(
        HttpContext context,
        string language,
        string? returnUrl)
    {
        if (!Preferences.Languages.Contains(language, StringComparer.Ordinal))
            return TypedResults.NotFound();

        Preferences.KeepLanguage(context.Response, language);
        return TypedResults.Redirect(LocalUrl.OrHome(returnUrl));
    }

    private static Results<RedirectHttpResult, NotFound> SetTheme(HttpContext context, string theme, string? returnUrl)
    {
        if (!Preferences.Themes.Contains(theme, StringComparer.Ordinal))
            return TypedResults.NotFound();

        Preferences.KeepTheme(context.Response, theme);
        return TypedResults.Redirect(LocalUrl.OrHome(returnUrl));
    }
}
