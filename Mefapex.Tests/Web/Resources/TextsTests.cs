using System.Text.RegularExpressions;
using System.Xml.Linq;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Web.Resources;

public sealed partial class TextsTests
{
    private static readonly string Project = Path.Combine(RepositoryRoot.Path, "Mefapex.Web");

    private static readonly Dictionary<string, string> English = Read("Texts.resx");

    private static readonly Dictionary<string, string> Turkish = Read("Texts.tr.resx");

    [Fact]
    public void Both_languages_have_every_text()
    {
        Turkish.Keys.Order(StringComparer.Ordinal).ShouldBe(English.Keys.Order(StringComparer.Ordinal));
        English.Concat(Turkish).Where(text => string.IsNullOrWhiteSpace(text.Value)).ShouldBeEmpty();
    }

    [Fact]
    public void A_text_takes_the_same_values_in_both_languages()
    {
        foreach (var (key, text) in English)
            PlaceholdersOf(Turkish[key]).ShouldBe(PlaceholdersOf(text), key);
    }

    [Fact]
    public void The_pages_say_only_what_the_files_hold_and_the_files_hold_only_what_the_pages_say()
    {
        var sources = Directory
            .EnumerateFiles(Project, "*.*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(File.ReadAllText)
            .ToList();

        var looked = sources.SelectMany(source => Lookup().Matches(source)).Select(match => match.Groups["key"].Value);
        looked.Where(key => !English.ContainsKey(key)).ShouldBeEmpty();

        var all = string.Concat(sources);
        English.Keys.Where(key => !all.Contains($"\"{key}\"", StringComparison.Ordinal) && !IsBuilt(key, all)).ShouldBeEmpty();
    }

    /// <summary>Keys like <c>Theme.dark</c> are put together by the page: <c>L[$"Theme.{theme}"]</c>.</summary>
    private static bool IsBuilt(string key, string sources)
    {
        for (var dot = key.LastIndexOf('.'); dot > 0; dot = key.LastIndexOf('.', dot - 1))
        {
            if (sources.Contains($"$\"{key[..dot]}.{{", StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static IEnumerable<string> PlaceholdersOf(string text) =>
        Placeholder().Matches(text).Select(match => match.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static Dictionary<string, string> Read(string file) => XDocument
        .Load(Path.Combine(Project, "Resources", file))
        .Root!.Elements("data")
        .ToDictionary(data => data.Attribute("name")!.Value, data => data.Element("value")!.Value, StringComparer.Ordinal);

    [GeneratedRegex("""\bL\["(?<key>[^"]+)"[\],]""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Lookup();

    [GeneratedRegex(@"\{\d+\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
