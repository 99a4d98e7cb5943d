using System.Globalization;
using System.Resources;
using Mefapex.Api.Knowledge.Review;

namespace Mefapex.Tests.Api.Knowledge.Review;

public sealed class ReviewTextsTests
{
    [Fact]
    public void Every_text_is_there_in_Turkish_and_in_English_with_the_same_places()
    {
        var resources = new ResourceManager(typeof(ReviewTexts));
        var english = Texts(resources, CultureInfo.InvariantCulture);
        var turkish = Texts(resources, CultureInfo.GetCultureInfo("tr"));

        turkish.Keys.ShouldBe(english.Keys, ignoreOrder: true);
        turkish.ShouldAllBe(t => t.Value.Length > 0 && t.Value != english[t.Key]);
        foreach (var (key, text) in turkish)
            Places(text).ShouldBe(Places(english[key]), key);
    }

    private static IEnumerable<string> Places(string text) =>
        Enumerable.Range(0, 9).Select(i => $"{{{i}}}").Where(place => text.Contains(place, StringComparison.Ordinal));

    private static Dictionary<string, string> Texts(ResourceManager resources, CultureInfo culture) =>
        resources.GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string)e.Value!, StringComparer.Ordinal);
}
