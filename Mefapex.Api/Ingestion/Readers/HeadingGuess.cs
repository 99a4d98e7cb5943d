using System.Text.RegularExpressions;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>Finds headings in text that has no marks for them: numbered lines, lines in capitals, chapters by name.</summary>
internal static partial class HeadingGuess
{
    private const int MaxLength = 90;
    private const int MaxWords = 12;

    /// <summary>The level of a line that looks like a heading; 0 when it does not.</summary>
    public static int LevelOf(string line)
    {
        if (line.Length is < 3 or > MaxLength || ".,;:!?".Contains(line[^1], StringComparison.Ordinal))
            return 0;
        if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length > MaxWords)
            return 0;
        if (Numbered().Match(line) is { Success: true } numbered)
            return numbered.Groups["number"].Value.Split('.', StringSplitOptions.RemoveEmptyEntries).Length;
        if (Chapter().IsMatch(line))
            return 1;
        return line.Count(char.IsLetter) >= 4 && !line.Any(char.IsLower) && !line.Any(char.IsDigit) ? 1 : 0;
    }

    [GeneratedRegex(@"^(?<number>\d{1,2}(\.\d{1,2}){0,4})\.?\s+\p{Lu}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Numbered();

    [GeneratedRegex(@"^(bölüm|kısım|madde|ek|chapter|section|part|appendix|annex)\s+([\d]+|[ivxlc]+|[a-z])\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Chapter();
}
