using System.Buffers;

namespace Mefapex.Api.Knowledge.Entries.Transfer;

/// <summary>
/// Texts in cells of a spreadsheet. One that a spreadsheet would compute (it begins with =, +, -, @, a tab or a line
/// break, in normal or full width) is written behind an apostrophe, and <see cref="Read"/> takes that off again. A text
/// that itself begins with apostrophes before such a character gets one more, so that every text comes back as it was.
/// </summary>
internal static class CsvCell
{
    private static readonly SearchValues<char> Computed = SearchValues.Create("=+-@\t\r\n＝＋－＠");

    public static string Write(string text) => IsComputed(text) ? $"'{text}" : text;

    public static string Read(string cell) => cell.StartsWith('\'') && IsComputed(cell) ? cell[1..] : cell;

    private static bool IsComputed(string text)
    {
        var first = text.AsSpan().TrimStart('\'');
        return first.Length > 0 && Computed.Contains(first[0]);
    }
}
