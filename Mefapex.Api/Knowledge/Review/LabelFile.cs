using System.Globalization;
using Mefapex.Contracts.Knowledge;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>Labelled questions as the lines of a file, the one that <c>./mefapex eval</c> reads.</summary>
internal static class LabelFile
{
    public const string Header = "tenant\tlang\tquestion\texpected\tkind";

    /// <summary>What stands for the expected ids where the question must be declined.</summary>
    public const string None = "NONE";

    /// <summary>The lines that are this tenant's; the first line that cannot be read ends it.</summary>
    public static LabelFileContent Read(string text, string tenant)
    {
        var lines = text.TrimStart('\uFEFF').Split('\n');
        if (lines[0].TrimEnd() != Header)
            return new([], 0, ReviewTexts.Format("LabelFileHeader", Header.Replace('\t', ' ')));

        var labels = new List<(int Line, LabelDraft Label)>();
        var others = 0;
        for (var i = 1; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            var cells = Array.ConvertAll(lines[i].Split('\t'), cell => cell.Trim());
            if (cells.Length != 5)
                return new([], 0, ReviewTexts.Format("LabelFileCells", i + 1, cells.Length));
            if (cells[0] != tenant)
            {
                others++;
                continue;
            }

            string[] expected = cells[3] == None ? [] : cells[3].Split('|', StringSplitOptions.TrimEntries);
            labels.Add((i + 1, new(cells[2], cells[1], cells[3].Length > 0 ? expected : null, cells[4])));
        }

        return new(labels, others, null);
    }

    public static string InLine(int line, string sentence) =>
        string.Create(CultureInfo.CurrentCulture, $"{ReviewTexts.Format("LabelFileLine", line)} {sentence}");
}

/// <param name="Others">Lines of other tenants.</param>
/// <param name="Problem">Why it cannot be read, a sentence; null when it can.</param>
internal sealed record LabelFileContent(IReadOnlyList<(int Line, LabelDraft Label)> Labels, int Others, string? Problem);
