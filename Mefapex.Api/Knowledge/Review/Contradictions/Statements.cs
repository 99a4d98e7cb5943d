using System.Text.RegularExpressions;

namespace Mefapex.Api.Knowledge.Review.Contradictions;

/// <summary>Cuts an answer in Markdown into sentences that can be read by themselves.</summary>
internal static partial class Statements
{
    private const int Timeout = 1000;

    /// <summary>Sentences, list items with what introduces them, and a statement for each cell of a table.</summary>
    /// <returns>Each with what it stands under, which tells its topic but states nothing anew.</returns>
    public static IEnumerable<(string Lead, string Text)> Of(string markdown)
    {
        var lines = markdown.Split('\n');
        string[]? head = null;
        var lead = "";
        for (var i = 0; i < lines.Length; i++)
        {
            var line = Plain(lines[i]);
            if (line.StartsWith('|'))
            {
                var cells = line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
                if (head is null)
                    head = cells;
                else if (!cells.All(cell => cell.Trim('-', ':', ' ').Length == 0))
                {
                    for (var column = 1; column < cells.Length; column++)
                        yield return ("", $"{cells[0]} – {head.ElementAtOrDefault(column)}: {cells[column]}");
                }

                continue;
            }

            head = null;
            if (line.Length == 0)
                continue;
            var item = ListMark().Match(line);
            if (item.Success)
            {
                foreach (var sentence in Sentences(line[item.Length..]))
                    yield return (lead, sentence);
                continue;
            }

            foreach (var sentence in Sentences(line))
                yield return ("", sentence);
            lead = line.EndsWith(':') ? Sentences(line).Last() : "";
        }
    }

    /// <summary>"dahili 1240. 3" ends a sentence, "1. kat" does not.</summary>
    private static List<string> Sentences(string line) =>
        [.. SentenceEnd().Split(line).Select(sentence => sentence.Trim()).Where(sentence => sentence.Length > 0)];

    private static string Plain(string line) => Emphasis().Replace(Link().Replace(line.Trim(), "$1"), "").Trim();

    [GeneratedRegex(@"^(?:[-*+]|\d+[.)])\s+", RegexOptions.None, Timeout)]
    private static partial Regex ListMark();

    [GeneratedRegex(@"(?<=\p{L}{2,}[.!?]|[)”""][.!?]|\d{3,}\.|[;])\s+(?=[\p{Lu}""“(])", RegexOptions.None, Timeout)]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\*\*|__|`|^#+\s+|^>\s+", RegexOptions.None, Timeout)]
    private static partial Regex Emphasis();

    [GeneratedRegex(@"\[(?<g1>[^\]]*)\]\([^)]*\)", RegexOptions.None, Timeout)]
    private static partial Regex Link();
}
