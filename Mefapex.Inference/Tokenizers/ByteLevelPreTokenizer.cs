using System.Buffers;
using System.Globalization;
using System.Text;

namespace Mefapex.Inference.Tokenizers;

/// <summary>
/// GPT-2's splitting into words with their leading space, each written as its UTF-8 bytes, a visible character for each:
/// printable bytes of Latin-1 are themselves, the others U+0100 and up in their order.
/// </summary>
/// <param name="addPrefixSpace">Whether a piece that does not start with a space gets one.</param>
/// <param name="splits">Whether to split at all.</param>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool splits) : PreTokenizer
{
    private static readonly char[] Visible = MakeVisible();

    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    public override bool CutsAtSpace => splits;

    /// <summary>The character that stands for a byte.</summary>
    public static char VisibleOf(byte value) => Visible[value];

    public override PieceList Apply(PieceList pieces)
    {
        var words = addPrefixSpace ? WithPrefixSpaces(pieces) : pieces;
        if (splits)
        {
            var split = new PieceList(words.Text, words.FirstIsStart);
            foreach (var (start, length) in words.Items)
                Split(words.Text, start, start + length, split);
            words = split;
        }

        // A UTF-16 unit makes at most three bytes.
        var buffer = ArrayPool<char>.Shared.Rent(checked(3 * words.Items.Sum(item => item.Length)));
        try
        {
            var ends = new int[words.Items.Count];
            var length = 0;
            for (var i = 0; i < ends.Length; i++)
            {
                length += Write(words[i], buffer.AsSpan(length));
                ends[i] = length;
            }

            var result = new PieceList(new string(buffer, 0, length), words.FirstIsStart);
            for (var i = 0; i < ends.Length; i++)
                result.Add(i == 0 ? 0 : ends[i - 1], ends[i]);
            return result;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>A lone surrogate becomes the bytes of U+FFFD.</summary>
    private static int Write(ReadOnlySpan<char> word, Span<char> target)
    {
        Span<byte> utf8 = stackalloc byte[4];
        var length = 0;
        for (var i = 0; i < word.Length;)
        {
            if (word[i] < 128)
            {
                target[length++] = Visible[word[i++]];
                continue;
            }

            Rune.DecodeFromUtf16(word[i..], out var rune, out var units);
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
                target[length++] = Visible[value];
            i += units;
        }

        return length;
    }

    private static PieceList WithPrefixSpaces(PieceList pieces)
    {
        var text = new StringBuilder(pieces.Text.Length + pieces.Items.Count);
        var bounds = new List<(int Start, int End)>(pieces.Items.Count);
        for (var i = 0; i < pieces.Items.Count; i++)
        {
            var start = text.Length;
            if (pieces[i][0] != ' ')
                text.Append(' ');
            text.Append(pieces[i]);
            bounds.Add((start, text.Length));
        }

        var result = new PieceList(text.ToString(), pieces.FirstIsStart);
        foreach (var (start, end) in bounds)
            result.Add(start, end);
        return result;
    }

    /// <summary>
    /// What the regular expression of GPT-2 matches:
    /// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.
    /// </summary>
    private static void Split(string text, int start, int end, PieceList result)
    {
        var span = text.AsSpan(0, end);
        for (var i = start; i < end;)
        {
            var from = i;
            if (span[i] == '\'' && ContractionAt(span[i..]) is > 0 and var contraction)
            {
                i += contraction;
            }
            else
            {
                var word = span[i] == ' ' && i + 1 < end && !Characters.IsSpace(span[i + 1]) ? i + 1 : i;
                i = Characters.IsSpace(span[word]) ? EndOfSpace(span, i) : EndOfRun(span, word);
            }

            result.Add(from, i);
        }
    }

    private static int ContractionAt(ReadOnlySpan<char> text)
    {
        foreach (var contraction in Contractions)
        {
            if (text.StartsWith(contraction, StringComparison.Ordinal))
                return contraction.Length;
        }

        return 0;
    }

    /// <summary>The last of several white-space characters before a word is left to it.</summary>
    private static int EndOfSpace(ReadOnlySpan<char> text, int start)
    {
        var end = start;
        while (end < text.Length && Characters.IsSpace(text[end]))
            end++;
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }

    private static int EndOfRun(ReadOnlySpan<char> text, int start)
    {
        var kind = KindAt(text, start, out var width);
        var end = start + width;
        while (end < text.Length && !Characters.IsSpace(text[end]) && KindAt(text, end, out width) == kind)
            end += width;
        return end;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, int index, out int width)
    {
        if (char.IsAscii(text[index]))
        {
            width = 1;
            return char.IsAsciiLetter(text[index]) ? Kind.Letter : char.IsAsciiDigit(text[index]) ? Kind.Number : Kind.Other;
        }

        UnicodeCategory category = Characters.CategoryAt(text, index, out width);
        return Characters.IsLetter(category) ? Kind.Letter : Characters.IsNumber(category) ? Kind.Number : Kind.Other;
    }

    private static char[] MakeVisible()
    {
        var visible = new char[256];
        var next = 256;
        for (var value = 0; value < visible.Length; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= '¡' and <= '¬') or (>= '®' and <= 'ÿ');
            visible[value] = (char)(printable ? value : next++);
        }

        return visible;
    }

    private enum Kind
    {
        Letter,
        Number,
        Other,
    }
}
