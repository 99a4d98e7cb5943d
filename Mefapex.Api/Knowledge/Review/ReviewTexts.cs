using System.Globalization;
using System.Resources;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>What the tools for editors say to people, in the language of the request: ReviewTexts*.resx.</summary>
internal static class ReviewTexts
{
    private static readonly ResourceManager Resources = new(typeof(ReviewTexts));

    public static string Get(string key) =>
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key);

    public static string Format(string key, params object[] values) => string.Format(CultureInfo.CurrentCulture, Get(key), values);
}
