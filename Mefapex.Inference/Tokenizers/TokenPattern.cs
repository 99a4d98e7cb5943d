using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Mefapex.Inference.Tokenizers;

/// <summary>
/// A regular expression of a tokenizer file. .NET matches UTF-16 units, so a character beyond U+FFFF is shown to it as
/// one of the same general category within U+FFFF.
/// </summary>
internal sealed class TokenPattern
{
    // Seldom written characters of each category, so that no pattern names them.
    private const char Uppercase = '\u13A0';
    private const char Lowercase = '\uAB70';
    private const char OtherLetter = '\uA015';
    private const char Mark = '\uA8E0';
    private const char SpacingMark = '\uA9BD';
    private const char Digit = '\uA9D0';
    private const char OtherNumber = '\uA830';
    private const char Punctuation = '\uA9C1';
    private const char Symbol = '\uA828';
    private const char Unassigned = '\uFFFE';

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Regex _regex;

    private TokenPattern(Regex regex) => _regex = regex;

    /// <summary>A pattern that matches a text itself.</summary>
    public static TokenPattern OfString(string text) => new(Compile(Regex.Escape(text)));

    /// <summary>A pattern in the syntax of the file.</summary>
    /// <exception cref="ArgumentException">.NET does not understand it, or not in the same way.</exception>
    public static TokenPattern OfRegex(string pattern) => new(CompileRegex(pattern));

    /// <summary>The same for patterns that need no care beyond U+FFFF.</summary>
    public static Regex CompileRegex(string pattern)
    {
        if (HasSetOperation(pattern))
        {
            throw new ArgumentException(
                "it has a character class within a class, or an intersection, which .NET reads otherwise.", nameof(pattern));
        }

        return Compile(pattern);
    }

    private static bool HasSetOperation(string pattern)
    {
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    break;
                case '[' when inClass:
                case '&' when inClass && i + 1 < pattern.Length && pattern[i + 1] == '&':
                    return true;
                case '[':
                    inClass = true;
                    break;
                case ']':
                    inClass = false;
                    break;
            }
        }

        return false;
    }

    private static Regex Compile(string pattern)
    {
        try
        {
            // Linear in the text; without look-around only.
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Timeout);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, Timeout);
        }
    }

    public IEnumerable<(int Start, int End)> Matches(string text, int start, int end)
    {
        var source = text[start..end];
        var shown = Flatten(source, out var offsets);
        for (var match = _regex.Match(shown); match.Success; match = match.NextMatch())
        {
            var matchEnd = match.Index + match.Length;
            yield return offsets is null
                ? (start + match.Index, start + matchEnd)
                : (start + offsets[match.Index], start + offsets[matchEnd]);
        }
    }

    /// <summary>The text with a stand-in for each character beyond U+FFFF.</summary>
    /// <param name="offsets">Where each unit of the result lies in the text; null where both are the same.</param>
    private static string Flatten(string text, out int[]? offsets)
    {
        offsets = null;
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return text;

        offsets = new int[text.Length + 1];
        var shown = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            offsets[shown.Length] = i;
            var category = Characters.CategoryAt(text, i, out var width);
            shown.Append(width == 1 ? text[i] : StandIn(category));
            i += width;
        }

        offsets[shown.Length] = text.Length;
        return shown.ToString();
    }

    private static char StandIn(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Uppercase,
        UnicodeCategory.LowercaseLetter => Lowercase,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => OtherLetter,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark => Mark,
        UnicodeCategory.SpacingCombiningMark => SpacingMark,
        UnicodeCategory.DecimalDigitNumber => Digit,
        UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => OtherNumber,
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation => Punctuation,
        >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol => Symbol,
        _ => Unassigned,
    };
}
