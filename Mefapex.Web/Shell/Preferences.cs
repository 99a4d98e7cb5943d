using System.Globalization;
using Microsoft.AspNetCore.Localization;

namespace Mefapex.Web.Shell;

/// <summary>What a browser chose, kept in cookies so that the first byte of a page already follows it.</summary>
/// <param name="Theme">One of <see cref="Themes"/>.</param>
/// <param name="TimeZone">The browser's zone by its IANA name.</param>
public sealed record Preferences(string Theme, string TimeZone)
{
    public const string LanguageCookie = "mefapex.language";
    public const string ThemeCookie = "mefapex.theme";
    public const string TimeZoneCookie = "mefapex.zone";
    public const string SystemTheme = "system";

    private const string DefaultTimeZone = "Europe/Istanbul";

    public static IReadOnlyList<string> Languages { get; } = ["tr", "en"];

    public static IReadOnlyList<string> Themes { get; } = [SystemTheme, "light", "dark"];

    public static Preferences Of(HttpRequest request)
    {
        var theme = request.Cookies[ThemeCookie];
        var zone = Uri.UnescapeDataString(request.Cookies[TimeZoneCookie] ?? "");
        return new Preferences(
            Themes.Contains(theme, StringComparer.Ordinal) ? theme! : SystemTheme,
            TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _) ? zone : DefaultTimeZone);
    }

    public static void KeepLanguage(HttpResponse response, string language) => Keep(
        response,
        LanguageCookie,
        CookieRequestCultureProvider.MakeCookieValue(
            new RequestCulture(CultureInfo.InvariantCulture, CultureInfo.GetCultureInfo(language))));

    public static void KeepTheme(HttpResponse response, string theme) => Keep(response, ThemeCookie, theme);

    private static void Keep(HttpResponse response, string cookie, string value) =>
        response.Cookies.Append(cookie, value, new CookieOptions
        {
            MaxAge = TimeSpan.FromDays(365),
            SameSite = SameSiteMode.Lax,
            IsEssential = true,
        });
}
