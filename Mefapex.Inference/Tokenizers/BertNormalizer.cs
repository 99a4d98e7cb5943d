using System.Buffers;
using System.Globalization;
using System.Text;

namespace Mefapex.Inference.Tokenizers;

/// <summary>
/// BERT's cleaning: control characters go, white space becomes a space, ideographs stand alone, lower case, no accents.
/// As in transformers.js ideographs beyond U+FFFF do not stand alone and the lower case is that of ECMAScript.
/// </summary>
internal sealed class BertNormalizer : Normalizer
{
    private const int LatinEnd = 0x300;

    private readonly bool _cleanText;
    private readonly bool _separateIdeographs;
    private readonly bool _stripAccents;
    private readonly bool _lowercase;

    /// <summary>What each character below U+0300 becomes; there none depends on its neighbours.</summary>
    private readonly string[] _latin;
    private readonly int _longest;

    public BertNormalizer(bool cleanText, bool separateIdeographs, bool stripAccents, bool lowercase)
    {
        _cleanText = cleanText;
        _separateIdeographs = separateIdeographs;
        _stripAccents = stripAccents;
        _lowercase = lowercase;
        _latin = [.. Enumerable.Range(0, LatinEnd).Select(c => ApplyAny(((char)c).ToString()))];
        _longest = _latin.Max(text => text.Length);
    }

    public override string Apply(string text)
    {
        var buffer = ArrayPool<char>.Shared.Rent(text.Length * _longest);
        try
        {
            var length = 0;
            foreach (var c in text)
            {
                if (c >= LatinEnd)
                    return ApplyAny(text);
                var replacement = _latin[c];
                if (replacement.Length == 1)
                {
                    buffer[length++] = replacement[0];
                }
                else
                {
                    replacement.CopyTo(buffer.AsSpan(length));
                    length += replacement.Length;
                }
            }

            var result = buffer.AsSpan(0, length);
            return result.SequenceEqual(text) ? text : new string(result);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private static bool IsControl(UnicodeCategory category) =>
        category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate;

    private static bool IsIdeograph(char c) =>
        c is (>= '\u4E00' and <= '\u9FFF') or (>= '\u3400' and <= '\u4DBF') or (>= '\uF900' and <= '\uFAFF');

    private string ApplyAny(string text)
    {
        var cleaned = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            var category = Characters.CategoryAt(text, i, out var width);
            if (_cleanText && c is '\t' or '\n' or '\r')
                cleaned.Append(' ');
            else if (_cleanText && (c == '\uFFFD' || IsControl(category)))
            {
                // dropped
            }
            else if (_cleanText && Characters.IsSpace(c))
                cleaned.Append(' ');
            else if (_separateIdeographs && IsIdeograph(c))
                cleaned.Append(' ').Append(c).Append(' ');
            else
                cleaned.Append(text, i, width);
            i += width;
        }

        var result = cleaned.ToString();
        if (_lowercase)
            result = UnicodeText.ToLower(result);
        return _stripAccents ? WithoutAccents(result) : result;
    }

    private static string WithoutAccents(string text) => UnicodeText.Without(
        UnicodeText.Normalize(text, NormalizationForm.FormD),
        static category => category == UnicodeCategory.NonSpacingMark);
}
