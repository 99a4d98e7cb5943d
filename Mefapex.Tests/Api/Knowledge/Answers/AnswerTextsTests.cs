using System.Globalization;
using System.Resources;
using Mefapex.Api.Knowledge.Answers;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class AnswerTextsTests
{
    [Fact]
    public void Every_text_is_there_in_Turkish_and_in_English()
    {
        var resources = new ResourceManager(typeof(AnswerTexts));
        var english = Texts(resources, CultureInfo.InvariantCulture);
        var turkish = Texts(resources, CultureInfo.GetCultureInfo("tr"));

        turkish.Keys.ShouldBe(english.Keys, ignoreOrder: true);
        turkish.ShouldAllBe(t => t.Value.Length > 0 && t.Value != english[t.Key]);
    }

    [Fact]
    public void Every_kind_of_small_talk_has_a_reply()
    {
        foreach (var word in (string[])["merhaba", "nasılsın", "teşekkürler", "görüşürüz", "kimsin", "ne yapabilirsin"])
        {
            var kind = new Smalltalk().Match(word)!.Kind;
            foreach (var language in (string[])["tr", "en"])
                new AnswerTexts(language).Smalltalk(kind, "T", "C", "X").ShouldNotContain("{");
        }
    }

    private static Dictionary<string, string> Texts(ResourceManager resources, CultureInfo culture) =>
        resources.GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string)e.Value!, StringComparer.Ordinal);
}
