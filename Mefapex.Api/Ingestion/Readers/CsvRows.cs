using System.Text;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>Rows of a CSV file (RFC 4180), whatever of the usual characters parts its columns.</summary>
internal static class CsvRows
{
    private static readonly char[] Separators = [';', ',', '\t', '|'];

    /// <exception cref="FormatException">A quoted value does not end.</exception>
    public static IEnumerable<List<string>> Of(string text)
    {
        var separator = SeparatorOf(text);
        var row = new List<string>();
        var value = new StringBuilder();
        var (isQuoted, isStart) = (false, true);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (isQuoted)
            {
                if (c != '"')
                    value.Append(c);
                else if (i + 1 < text.Length && text[i + 1] == '"')
                    value.Append(text[++i]);
                else
                    isQuoted = false;
            }
            else if (c == '"' && isStart)
            {
                (isQuoted, isStart) = (true, false);
            }
            else if (c == separator || c is '\r' or '\n')
            {
                row.Add(value.ToString());
                value.Clear();
                isStart = true;
                if (c == separator)
                    continue;
                if (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                    i++;
                yield return row;
                row = [];
            }
            else
            {
                value.Append(c);
                isStart = false;
            }
        }

        if (isQuoted)
            throw new FormatException("A quoted value does not end.");
        if (value.Length == 0 && row.Count == 0)
            yield break;
        row.Add(value.ToString());
        yield return row;
    }

    /// <summary>The one that the first line has most of, outside quotes.</summary>
    private static char SeparatorOf(string text)
    {
        var counts = new int[Separators.Length];
        var isQuoted = false;
        foreach (var c in text)
        {
            if (c == '"')
                isQuoted = !isQuoted;
            else if (!isQuoted && c is '\r' or '\n')
                break;
            else if (!isQuoted && Array.IndexOf(Separators, c) is >= 0 and var found)
                counts[found]++;
        }

        return Separators[Array.IndexOf(counts, counts.Max())];
    }
}
