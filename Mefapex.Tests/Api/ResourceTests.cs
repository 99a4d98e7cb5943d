using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Resources;
using System.Text.RegularExpressions;
using Mefapex.Api.Http;

namespace Mefapex.Tests.Api;

public sealed partial class ResourceTests
{
    private const string Suffix = ".resources";
    private static readonly Assembly Api = typeof(Problems).Assembly;

    public static TheoryData<string> Names =>
        [.. Api.GetManifestResourceNames().Where(name => name.EndsWith(Suffix, StringComparison.Ordinal)).Select(name => name[..^Suffix.Length])];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_text_is_there_in_Turkish_and_in_English_with_the_same_places(string name)
    {
        var resources = new ResourceManager(name, Api);
        var english = Texts(resources, CultureInfo.InvariantCulture);
        var turkish = Texts(resources, CultureInfo.GetCultureInfo("tr"));

        turkish.Keys.ShouldBe(english.Keys, ignoreOrder: true);
        turkish.ShouldAllBe(t => t.Value.Length > 0 && t.Value != english[t.Key]);
        foreach (var (key, text) in turkish)
            Places(text).ShouldBe(Places(english[key]), key);
    }

    private static IEnumerable<string> Places(string text) =>
        Place().Matches(text).Select(match => match.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static Dictionary<string, string> Texts(ResourceManager resources, CultureInfo culture) =>
        resources.GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string)e.Value!, StringComparer.Ordinal);

    [GeneratedRegex(@"\{\d", RegexOptions.None, 1000)]
    private static partial Regex Place();
}
