using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>A sentence or list item by its place in a text, without the marker of the list.</summary>
/// <param name="IsItem">Whether it is an item of a list.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Sentence(int Start, int End, bool IsItem)
{
    public string In(string text) => text[Start..End];
}

/// <summary>Cuts a text into sentences and list items.</summary>
internal static class Sentences
{
    private static readonly HashSet<string> Abbreviations = new(StringComparer.OrdinalIgnoreCase)
    {
        "vb", "vs", "dr", "prof", "doç", "av", "no", "tel", "örn", "bkz", "sn", "mad", "e.g", "i.e", "mr", "mrs", "ms", "etc", "approx",
    };

    public static IReadOnlyList<Sentence> Of(string text)
    {
        var sentences = new List<Sentence>();
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end;
            Line(text, start, end, sentences);
            start = end + 1;
        }

        return sentences;
    }

    private static void Line(string text, int start, int end, List<Sentence> sentences)
    {
        Trim(text, ref start, ref end);
        var marker = MarkerLength(text.AsSpan(start, end - start));
        start += marker;
        for (var i = start; i < end; i++)
        {
            if (i + 1 < end && !IsEnd(text, start, i, end))
                continue;
            var (from, to) = (start, i + 1);
            Trim(text, ref from, ref to);
            if (to > from)
                sentences.Add(new Sentence(from, to, marker > 0));
            start = i + 1;
        }
    }

    /// <summary>Characters of "- ", "• " or "3) " and the like at the start of a line.</summary>
    private static int MarkerLength(ReadOnlySpan<char> line)
    {
        var at = 0;
        if (line.Length > 1 && line[0] is '-' or '*' or '•' or '–')
            at = 1;
        while (at == 0 && at < line.Length && char.IsAsciiDigit(line[at]))
        {
            var digits = line.IndexOfAnyExceptInRange('0', '9');
            at = digits is > 0 and <= 2 && line[digits] is '.' or ')' ? digits + 1 : 0;
            break;
        }

        return at > 0 && at < line.Length && char.IsWhiteSpace(line[at]) ? at + 1 : 0;
    }

    private static bool IsEnd(string text, int start, int at, int end)
    {
        if (text[at] is not ('.' or '!' or '?' or '…') || !char.IsWhiteSpace(text[at + 1]))
            return false;
        var next = at + 1;
        while (next < end && char.IsWhiteSpace(text[next]))
            next++;
        if (next == end || char.IsLower(text[next]))
            return next == end;
        if (text[at] != '.')
            return true;
        var word = at;
        while (word > start && !char.IsWhiteSpace(text[word - 1]))
            word--;
        var before = text.AsSpan(word, at - word);
        return before.Length > 1 && !(word == start && before.IndexOfAnyExceptInRange('0', '9') < 0) && !Abbreviations.Contains(before.ToString());
    }

    private static void Trim(string text, ref int start, ref int end)
    {
        while (start < end && char.IsWhiteSpace(text[start]))
            start++;
        while (end > start && char.IsWhiteSpace(text[end - 1]))
            end--;
    }
}
