using System.Globalization;
using System.Resources;

namespace Mefapex.ServiceDefaults;

/// <summary>Title and detail of a problem type in the language of the request (<c>Problems.resx</c>, <c>Problems.tr.resx</c>).</summary>
internal static class ProblemTexts
{
    public static ResourceManager Resources { get; } =
        new("Mefapex.ServiceDefaults.Problems.Problems", typeof(ProblemTexts).Assembly);

    public static string? TitleOf(string type) => Find(type, "title");

    public static string? DetailOf(string type, params object?[] arguments) =>
        Find(type, "detail") is { } text ? string.Format(CultureInfo.InvariantCulture, text, arguments) : null;

    public static string Text(string key, params object?[] arguments) => string.Format(
        CultureInfo.InvariantCulture,
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key),
        arguments);

    private static string? Find(string type, string part) =>
        type.StartsWith(ProblemTypes.Prefix, StringComparison.Ordinal)
            ? Resources.GetString($"{type[ProblemTypes.Prefix.Length..]}.{part}", CultureInfo.CurrentUICulture)
            : null;
}
