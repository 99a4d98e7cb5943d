using System.Globalization;
using System.Resources;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>What the management of knowledge says to people, in the language of the request: EntryTexts*.resx.</summary>
internal static class EntryTexts
{
    private static readonly ResourceManager Resources = new(typeof(EntryTexts));

    public static string Get(string key, params object[] values) => string.Format(
        CultureInfo.CurrentCulture,
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key),
        values);

    /// <summary>A state or a move of an entry as people call it.</summary>
    public static string Name(string statusOrMove) => Get("name." + statusOrMove);
}
