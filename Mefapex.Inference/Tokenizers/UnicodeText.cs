using System.Globalization;
using System.Text;

namespace Mefapex.Inference.Tokenizers;

/// <summary>Unicode's normal forms and lower case for text that may hold anything, lone surrogates too.</summary>
internal static class UnicodeText
{
    /// <summary>Marks in a row that are normalised as one; a longer run would take quadratic time.</summary>
    private const int LongestMarkRun = 512;

    /// <summary>A noncharacter that .NET refuses to normalise, as it does lone surrogates; both only stand for themselves.</summary>
    private const char NotForNormalize = '\uFFFE';

    /// <summary>Nothing below it combines with its neighbours.</summary>
    private const int FirstMark = 0x300;

    private static readonly bool[] StableC = MakeStable(NormalizationForm.FormC);
    private static readonly bool[] StableD = MakeStable(NormalizationForm.FormD);
    private static readonly bool[] StableKC = MakeStable(NormalizationForm.FormKC);
    private static readonly bool[] StableKD = MakeStable(NormalizationForm.FormKD);

    /// <summary>Whether this process can normalise; it cannot without ICU.</summary>
    public static bool CanNormalize { get; } = "i\u0308".Normalize(NormalizationForm.FormC).Length == 1;

    /// <summary>The text itself where it is in that form already.</summary>
    public static string Normalize(string text, NormalizationForm form)
    {
        var stable = form switch
        {
            NormalizationForm.FormC => StableC,
            NormalizationForm.FormD => StableD,
            NormalizationForm.FormKC => StableKC,
            _ => StableKD,
        };
        var first = 0;
        while (first < text.Length && text[first] < FirstMark && stable[text[first]])
            first++;
        return first == text.Length ? text : NormalizeParts(text, form);
    }

    /// <summary>
    /// Lower case as ECMAScript has it: <c>İ</c> becomes <c>i</c> and U+0307, a sigma at the end of a word <c>ς</c>.
    /// </summary>
    public static string ToLower(string text)
    {
        var first = 0;
        while (first < text.Length && (text[first] < 128 ? !char.IsAsciiLetterUpper(text[first]) : IsLowerAt(text, first)))
            first++;
        if (first == text.Length)
            return text;

        var result = new StringBuilder(text.Length + 8).Append(text, 0, first);
        Span<char> pair = stackalloc char[2];
        for (var i = first; i < text.Length; i++)
        {
            var c = text[i];
            if (Characters.IsPairAt(text, i))
            {
                var length = Rune.ToLowerInvariant(new Rune(c, text[++i])).EncodeToUtf16(pair);
                result.Append(pair[..length]);
            }
            else if (c == 'İ')
            {
                result.Append("i\u0307");
            }
            else if (c == 'Σ')
            {
                result.Append(IsFinalSigma(text, i) ? 'ς' : 'σ');
            }
            else
            {
                result.Append(char.ToLowerInvariant(c));
            }
        }

        return result.ToString();
    }

    /// <summary>Without the characters of some categories.</summary>
    public static string Without(string text, Func<UnicodeCategory, bool> unwanted)
    {
        StringBuilder? result = null;
        for (var i = 0; i < text.Length;)
        {
            if (text[i] < FirstMark)
            {
                result?.Append(text[i++]);
                if (result is null)
                    i++;
                continue;
            }

            var drop = unwanted(Characters.CategoryAt(text, i, out var width));
            if (drop)
                result ??= new StringBuilder(text.Length).Append(text, 0, i);
            else
                result?.Append(text, i, width);
            i += width;
        }

        return result?.ToString() ?? text;
    }

    private static bool IsLowerAt(string text, int index) =>
        !char.IsSurrogate(text[index]) && char.ToLowerInvariant(text[index]) == text[index] && text[index] != 'İ';

    private static string NormalizeParts(string text, NormalizationForm form)
    {
        StringBuilder? result = null;
        var start = 0;
        var marks = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c < FirstMark)
            {
                marks = 0;
                continue;
            }

            var category = Characters.CategoryAt(text, i, out var width);
            if (category == UnicodeCategory.Surrogate || c == NotForNormalize)
            {
                result ??= new StringBuilder(text.Length + 16);
                result.Append(text[start..i].Normalize(form)).Append(c);
                start = i + 1;
                marks = 0;
            }
            else if (!Characters.IsMark(category))
            {
                marks = 0;
            }
            else if (++marks > LongestMarkRun)
            {
                result ??= new StringBuilder(text.Length + 16);
                result.Append(text[start..i].Normalize(form));
                start = i;
                marks = 1;
            }

            i += width - 1;
        }

        return result is null ? text.Normalize(form) : result.Append(text[start..].Normalize(form)).ToString();
    }

    /// <summary>The condition Final_Sigma of the Unicode Standard, section 3.13: a cased letter before it and none
    /// after it, whatever case-ignorable characters lie between.</summary>
    private static bool IsFinalSigma(string text, int index)
    {
        var before = index - 1;
        while (before >= 0 && IsCaseIgnorable(text, before))
            before--;
        if (before < 0 || !IsCased(text, before > 0 && char.IsLowSurrogate(text[before]) ? before - 1 : before))
            return false;

        var after = index + 1;
        while (after < text.Length && IsCaseIgnorable(text, after))
            after++;
        return after == text.Length || !IsCased(text, after);
    }

    private static bool IsCased(string text, int index) =>
        Characters.CategoryAt(text, index, out _)
            is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        || text[index] is 'ª' or 'º' or (>= '\u2160' and <= '\u217F') or (>= '\u24B6' and <= '\u24E9');

    /// <summary>Supplementary marks are looked at through either half.</summary>
    private static bool IsCaseIgnorable(string text, int index)
    {
        var c = text[index];
        if (c is '\'' or '.' or ':' or '·' or '\u0387' or '\u055F' or '\u05F4' or '\u2018' or '\u2019' or '\u2024'
            or '\u2027' or '\uFE13' or '\uFE52' or '\uFE55' or '\uFF07' or '\uFF0E' or '\uFF1A')
        {
            return true;
        }

        var start = index > 0 && char.IsLowSurrogate(c) && char.IsHighSurrogate(text[index - 1]) ? index - 1 : index;
        return Characters.CategoryAt(text, start, out _)
            is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
    }

    private static bool[] MakeStable(NormalizationForm form)
    {
        var stable = new bool[FirstMark];
        for (var c = 0; c < stable.Length; c++)
        {
            var text = ((char)c).ToString();
            stable[c] = string.Equals(text.Normalize(form), text, StringComparison.Ordinal);
        }

        return stable;
    }
}
