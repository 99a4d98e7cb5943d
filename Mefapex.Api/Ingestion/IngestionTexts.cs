using System.Globalization;
using System.Resources;

namespace Mefapex.Api.Ingestion;

/// <summary>What is said about files, in the language of the request: IngestionTexts*.resx.</summary>
internal static class IngestionTexts
{
    private static readonly ResourceManager Resources = new(typeof(IngestionTexts));

    /// <summary>The title of a problem.</summary>
    public static string Title(string slug) => Get(slug + ".title");

    /// <summary>The sentence of a problem.</summary>
    public static string Detail(string slug, params object?[] values) => string.Format(CultureInfo.CurrentCulture, Get(slug), values);

    /// <summary>What kind of content a file turned out to have.</summary>
    public static string Kind(string kind) => Resources.GetString("kind-" + kind, CultureInfo.CurrentUICulture) ?? kind;

    /// <summary>Page numbers, runs of them as from and to: <c>2, 5–9</c>.</summary>
    public static string EmptyPages(IReadOnlyList<int> pages, int total)
    {
        const int Shown = 10;
        var runs = new List<string>();
        for (var i = 0; i < pages.Count;)
        {
            var last = i;
            while (last + 1 < pages.Count && pages[last + 1] == pages[last] + 1)
                last++;
            runs.Add(last == i
                ? pages[i].ToString(CultureInfo.CurrentCulture)
                : string.Create(CultureInfo.CurrentCulture, $"{pages[i]}–{pages[last]}"));
            i = last + 1;
        }

        var list = string.Join(", ", runs.Take(Shown)) + (runs.Count > Shown ? ", …" : "");
        return Detail("empty-pages", list, pages.Count, total);
    }

    private static string Get(string key) =>
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key);
}
