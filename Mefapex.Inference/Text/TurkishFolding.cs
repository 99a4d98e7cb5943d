using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Mefapex.Inference.Text;

/// <summary>
/// The one folding that the encoder and the lexical search share. In order: lone surrogates and noncharacters become U+FFFD,
/// control characters a space, the marks that people type for an apostrophe <c>'</c>; invisible format characters go; NFKC;
/// the combining marks U+0300–U+036F that no letter absorbed go (so no dot is left behind from <c>İ</c>); ß becomes
/// ss; lower case; and, in the diacritic-free form, Latin letters become their base letter. Letters of other scripts
/// keep their marks. Folding a folded text changes nothing.
/// </summary>
public static class TurkishFolding
{
    /// <summary>A folded text has at most this many times the characters of its source (NFKC's own bound in UTF-16).</summary>
    public const int MaxGrowth = 18;

    /// <summary>Longest run of combining marks kept, as in the Stream-Safe Text Format of Unicode UAX #15: longer runs
    /// make normalisation take quadratic time.</summary>
    private const int LongestMarkRun = 30;

    private static readonly FrozenDictionary<char, char> BaseLetters = MakeBaseLetters();

    private static readonly bool CanNormalize = "i\u0308".Normalize(NormalizationForm.FormKC).Length == 1;

    /// <summary>The diacritic-free lower-case form: <c>ÇALIŞMA</c> and <c>çalışma</c> give <c>calisma</c>.</summary>
    public static string Fold(string text) => StripDiacritics(Lower(text));

    /// <summary>The lower-case form with diacritics.</summary>
    /// <param name="language">ISO 639-1 code: <c>tr</c> and <c>az</c> lower I to ı, the others to i.</param>
    /// <exception cref="PlatformNotSupportedException">The process runs without Unicode normalisation (ICU).</exception>
    public static string Lower(string text, string language = "tr")
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!CanNormalize)
        {
            throw new PlatformNotSupportedException(
                "Unicode normalisation is not available: the process runs in globalization-invariant mode. " +
                "Install ICU (libicu) and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");
        }

        if (Ascii.IsValid(text))
            return LowerNormalized(Clean(text, dropMarks: false), language);

        var normalized = Clean(text, dropMarks: false).Normalize(NormalizationForm.FormKC);
        while (true)
        {
            var cleaned = Clean(normalized, dropMarks: true);
            if (ReferenceEquals(cleaned, normalized))
                return LowerNormalized(normalized, language);
            normalized = cleaned.Normalize(NormalizationForm.FormKC);
        }
    }

    /// <summary>Replaces each Latin letter of a lower-case text by its base letter; the length stays.</summary>
    public static string StripDiacritics(string lower)
    {
        if (Ascii.IsValid(lower))
            return lower;
        return string.Create(lower.Length, lower, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                var c = source[i];
                target[i] = c < 128 || !BaseLetters.TryGetValue(c, out var letter) ? c : letter;
            }
        });
    }

    private static string LowerNormalized(string text, string language)
    {
        var turkish = language is "tr" or "az";
        var buffer = new StringBuilder(text.Length);
        Span<char> pair = stackalloc char[2];
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c))
            {
                var length = Rune.ToLowerInvariant(Rune.GetRuneAt(text, i)).EncodeToUtf16(pair);
                buffer.Append(pair[..length]);
                i++;
                continue;
            }

            switch (c)
            {
                case 'I':
                    buffer.Append(turkish ? 'ı' : 'i');
                    break;
                case 'İ':
                    buffer.Append('i');
                    break;
                case 'ß' or 'ẞ':
                    buffer.Append("ss");
                    break;
                default:
                    buffer.Append(char.ToLowerInvariant(c));
                    break;
            }
        }

        return buffer.ToString();
    }

    /// <summary>Returns <paramref name="text"/> itself when nothing in it needs cleaning.</summary>
    private static string Clean(string text, bool dropMarks)
    {
        StringBuilder? buffer = null;
        var marks = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var replacement = c;
            var drop = false;
            var pair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (c < 128)
            {
                marks = 0;
                replacement = char.IsControl(c) ? ' ' : c == '`' ? '\'' : c;
            }
            else if ((!pair && char.IsSurrogate(c)) || c >= '\uFFFE')
            {
                marks = 0;
                replacement = '\uFFFD';
            }
            else if (c is '’' or '‘' or 'ʼ' or '´' or '′' or '＇' or '‛' or '｀')
            {
                marks = 0;
                replacement = '\'';
            }
            else
            {
                switch (CharUnicodeInfo.GetUnicodeCategory(text, i))
                {
                    case UnicodeCategory.Format:
                        drop = true;
                        break;
                    case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                        replacement = ' ';
                        marks = 0;
                        break;
                    case UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark:
                        marks++;
                        drop = marks > LongestMarkRun || c is >= '\uFE00' and <= '\uFE0F' ||
                            (dropMarks && c is >= '\u0300' and <= '\u036F');
                        break;
                    default:
                        marks = 0;
                        break;
                }
            }

            if (buffer is null && (drop || replacement != c))
                buffer = new StringBuilder(text, 0, i, text.Length);
            if (!drop)
            {
                buffer?.Append(replacement);
                if (pair)
                    buffer?.Append(text[i + 1]);
            }

            if (pair)
                i++;
        }

        return buffer?.ToString() ?? text;
    }

    /// <summary>Latin letters beyond ASCII with the a–z letter they decompose to, and the few that Unicode leaves whole.</summary>
    private static FrozenDictionary<char, char> MakeBaseLetters()
    {
        var letters = new Dictionary<char, char> { ['ı'] = 'i', ['ø'] = 'o', ['ł'] = 'l', ['đ'] = 'd', ['ħ'] = 'h' };
        foreach (var (first, last) in (ReadOnlySpan<(int, int)>)[(0xC0, 0x24F), (0x1E00, 0x1EFF)])
        {
            for (var code = first; code <= last; code++)
            {
                var letter = ((char)code).ToString().Normalize(NormalizationForm.FormD)[0];
                if (letter != code && char.IsAsciiLetterLower(letter))
                    letters.TryAdd((char)code, letter);
            }
        }

        return letters.ToFrozenDictionary();
    }
}
