using System.Text.RegularExpressions;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>Text without marks: paragraphs between blank lines, with headings and list items guessed.</summary>
internal static partial class PlainText
{
    public static void AddParagraphs(string text, int? page, TextCollector output)
    {
        var paragraph = new List<string>();
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            if (line.IsEmpty)
                Flush(paragraph, page, output);
            else
                paragraph.Add(Spaces().Replace(line.ToString(), " "));
        }

        Flush(paragraph, page, output);
    }

    private static void Flush(List<string> lines, int? page, TextCollector output)
    {
        var start = 0;
        while (start < lines.Count && HeadingGuess.LevelOf(lines[start]) is > 0 and var level
            && (start + 1 == lines.Count || !char.IsLower(lines[start + 1][0])))
        {
            output.Add(new TextBlock(BlockKind.Heading, lines[start++], level, page));
        }

        while (start < lines.Count)
        {
            var isItem = Bullet().IsMatch(lines[start]);
            var end = start + 1;
            while (end < lines.Count && !Bullet().IsMatch(lines[end]))
                end++;
            var kind = isItem ? BlockKind.ListItem : BlockKind.Paragraph;
            output.Add(new TextBlock(kind, string.Join(' ', lines[start..end]), Page: page));
            start = end;
        }

        lines.Clear();
    }

    [GeneratedRegex(@"[ \t\u00A0]+", RegexOptions.None, 1000)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^([-–—•●▪◦*·]|\(?\d{1,2}[.)]|[a-zçğıöşü]\))\s+\S", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bullet();
}
