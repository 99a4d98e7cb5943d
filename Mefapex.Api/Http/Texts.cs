using System.Globalization;
using System.Resources;
using System.Runtime.CompilerServices;

namespace Mefapex.Api.Http;

/// <summary>What the API says to people, in the language of the request (<c>Accept-Language</c>): Texts*.resx.</summary>
internal static class Texts
{
    private static readonly ResourceManager Resources = new(typeof(Texts));

    public static string CredentialsMissing => Get();

    public static string WrongCredentials => Get();

    public static string AccountGone => Get();

    public static string ConversationNotFound => Get();

    public static string CursorInvalid => Get();

    public static string HistoryCleared => Get();

    public static string TextNotStorable => Get();

    public static string TooManyAttempts(int seconds) => Format(seconds);

    public static string MessageEmpty(int limit) => Format(limit);

    public static string MessageTooLong(int length, int limit) => Format(length, limit);

    public static string LimitOutOfRange(int lowest, int highest) => Format(lowest, highest);

    public static string TenantNotFound(string slug) => Format(slug);

    public static string DatabaseUnavailable(int seconds) => Format(seconds);

    /// <summary>The title of a problem.</summary>
    public static string Title(string slug) => Get(slug + ".title");

    private static string Get([CallerMemberName] string key = "") =>
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key);

    private static string Format(object value, [CallerMemberName] string key = "") =>
        string.Format(CultureInfo.CurrentCulture, Get(key), value);

    private static string Format(object first, object second, [CallerMemberName] string key = "") =>
        string.Format(CultureInfo.CurrentCulture, Get(key), first, second);
}
