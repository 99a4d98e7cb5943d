using System.Globalization;

namespace Mefapex.Inference.Tokenizers;

/// <summary>The character classes of the tokenizer format.</summary>
internal static class Characters
{
    /// <summary>White space as ECMAScript has it, like transformers.js: with U+FEFF, without U+0085.</summary>
    public static bool IsSpace(char c) => c < 128
        ? c is ' ' or (>= '\t' and <= '\r')
        : c is '\u00A0' or '\u1680' or (>= '\u2000' and <= '\u200A') or '\u2028' or '\u2029' or '\u202F' or '\u205F'
            or '\u3000' or '\uFEFF';

    /// <summary>A lone surrogate is of category <see cref="UnicodeCategory.Surrogate"/> and one unit wide.</summary>
    public static UnicodeCategory CategoryAt(ReadOnlySpan<char> text, int index, out int width)
    {
        var c = text[index];
        width = IsPairAt(text, index) ? 2 : 1;
        return width == 1
            ? CharUnicodeInfo.GetUnicodeCategory(c)
            : CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(c, text[index + 1]));
    }

    public static bool IsPairAt(ReadOnlySpan<char> text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]);

    /// <summary>The code point at an index; a lone surrogate stands for itself.</summary>
    public static int CodePointAt(ReadOnlySpan<char> text, int index, out int width)
    {
        width = IsPairAt(text, index) ? 2 : 1;
        return width == 1 ? text[index] : char.ConvertToUtf32(text[index], text[index + 1]);
    }

    public static int CountCodePoints(ReadOnlySpan<char> text)
    {
        var count = 0;
        for (var i = 0; i < text.Length; i++, count++)
        {
            if (IsPairAt(text, i))
                i++;
        }

        return count;
    }

    public static bool IsLetter(UnicodeCategory category) => category <= UnicodeCategory.OtherLetter;

    public static bool IsMark(UnicodeCategory category) =>
        category is >= UnicodeCategory.NonSpacingMark and <= UnicodeCategory.EnclosingMark;

    public static bool IsNumber(UnicodeCategory category) =>
        category is >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber;

    /// <summary>Unicode's punctuation and, as BERT has it, the symbols of ASCII.</summary>
    public static bool IsPunctuation(ReadOnlySpan<char> text, int index, out int width)
    {
        var c = text[index];
        if (c < 128)
        {
            width = 1;
            return c is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~');
        }

        return CategoryAt(text, index, out width)
            is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;
    }

    /// <summary>What <c>\w</c> matches in the original's regular expressions.</summary>
    public static bool IsWord(ReadOnlySpan<char> text, int index, out int width)
    {
        var category = CategoryAt(text, index, out width);
        return IsLetter(category) || IsMark(category)
            || category is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
                or UnicodeCategory.ConnectorPunctuation
            || text[index] is '\u200C' or '\u200D';
    }
}
