using System.Collections;
using System.Globalization;
using System.Resources;
using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Api.Knowledge.Tasks;

namespace Mefapex.Tests.Api.Chat;

public sealed class ChatProblemsTests
{
    [Theory]
    [InlineData(typeof(AccountProblems))]
    [InlineData(typeof(ChatProblems))]
    [InlineData(typeof(TaskProblems))]
    public void Every_text_is_there_in_Turkish_and_in_English(Type type)
    {
        var resources = new ResourceManager(type);
        var english = Texts(resources, CultureInfo.InvariantCulture);
        var turkish = Texts(resources, CultureInfo.GetCultureInfo("tr"));

        turkish.Keys.ShouldBe(english.Keys, ignoreOrder: true);
        turkish.ShouldAllBe(t => t.Value.Length > 0 && t.Value != english[t.Key]);
    }

    private static Dictionary<string, string> Texts(ResourceManager resources, CultureInfo culture) =>
        resources.GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string)e.Value!, StringComparer.Ordinal);
}
