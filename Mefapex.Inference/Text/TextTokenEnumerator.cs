using System.Collections;
using System.Globalization;
using System.Text;

namespace Mefapex.Inference.Text;

/// <summary>Finds the tokens of a folded text from left to right, without allocating.</summary>
public struct TextTokenEnumerator : IEnumerable<TextToken>, IEnumerator<TextToken>
{
    private readonly string _text;
    private int _position;

    internal TextTokenEnumerator(string foldedText) => _text = foldedText;

    /// <inheritdoc/>
    public TextToken Current { get; private set; }

    readonly object IEnumerator.Current => Current;

    /// <inheritdoc/>
    public bool MoveNext()
    {
        while (_position < _text.Length)
        {
            if (IsDotNet(_position))
                return Emit(_position, _position + 4, _position + 4, TextTokenKind.Word);
            var end = EndOfRun(_position);
            if (end > _position)
                return Read(_position, end);
            _position += char.IsHighSurrogate(_text[_position]) && _position + 1 < _text.Length ? 2 : 1;
        }

        return false;
    }

    private bool Read(int start, int end)
    {
        var addressEnd = EndOfAddress(start, end);
        if (addressEnd > 0)
            return Emit(start, addressEnd, addressEnd, TextTokenKind.Address);

        var kind = TextTokenKind.Word;
        if (IsDigits(start, end))
        {
            kind = TextTokenKind.Number;
            while (end + 1 < _text.Length && _text[end] is '.' or ',' or ':' or '/' or '-' && char.IsAsciiDigit(_text[end + 1]))
            {
                var next = EndOfRun(end + 1);
                if (!IsDigits(end + 1, next))
                    break;
                end = next;
            }
        }
        else
        {
            end = EndOfSharpOrPlus(end);
        }

        var stemEnd = end;
        if (end + 1 < _text.Length && _text[end] == '\'')
        {
            var suffixEnd = EndOfRun(end + 1);
            if (suffixEnd > end + 1 && !IsDigits(end + 1, suffixEnd))
            {
                if (IsContraction(end + 1, suffixEnd))
                    stemEnd = suffixEnd;
                end = suffixEnd;
            }
        }

        return Emit(start, end, stemEnd, kind);
    }

    private bool Emit(int start, int end, int stemEnd, TextTokenKind kind)
    {
        Current = new TextToken(start, end - start, stemEnd - start, kind);
        _position = end;
        return true;
    }

    /// <summary>The end of the letters, digits and marks that begin at <paramref name="start"/>.</summary>
    private readonly int EndOfRun(int start)
    {
        var end = start;
        while (end < _text.Length)
        {
            var c = _text[end];
            if (char.IsAsciiLetterOrDigit(c))
            {
                end++;
                continue;
            }

            if (c < 128)
                break;
            var category = CharUnicodeInfo.GetUnicodeCategory(_text, end);
            var letter = category is <= UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber or
                UnicodeCategory.LetterNumber;
            var mark = end > start && category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
            if (!letter && !mark)
                break;
            end += char.IsHighSurrogate(c) ? 2 : 1;
        }

        return Math.Min(end, _text.Length);
    }

    private readonly bool IsDigits(int start, int end)
    {
        for (var i = start; i < end; i++)
        {
            if (!char.IsDigit(_text[i]))
                return false;
        }

        return end > start;
    }

    /// <summary><c>.net</c> standing for the platform, after a space or a name (<c>asp.net</c>).</summary>
    private readonly bool IsDotNet(int at) =>
        _text.AsSpan(at).StartsWith(".net", StringComparison.Ordinal) && EndOfRun(at + 1) == at + 4;

    /// <summary><c>c#</c>, <c>f#</c>, <c>c++</c>: the sign belongs to the name when nothing follows it directly.</summary>
    private readonly int EndOfSharpOrPlus(int end)
    {
        var rest = _text.AsSpan(end);
        var signs = rest.StartsWith("++", StringComparison.Ordinal) ? 2 : rest.StartsWith("#", StringComparison.Ordinal) ? 1 : 0;
        return signs > 0 && EndOfRun(end + signs) == end + signs ? end + signs : end;
    }

    /// <summary>English contractions (don't, we'll) stay whole; no Turkish suffix is spelled like them.</summary>
    private readonly bool IsContraction(int start, int end) =>
        _text.AsSpan(start, end - start) is "t" or "re" or "ve" or "ll" or "d" or "m";

    /// <summary>The end of an e-mail address whose local part begins at <paramref name="start"/>, or 0.</summary>
    private readonly int EndOfAddress(int start, int end)
    {
        const int LongestLocalPart = 64;
        while (end < _text.Length && _text[end] is '.' or '-' or '_' or '+' && end - start < LongestLocalPart)
        {
            var next = EndOfRun(end + 1);
            if (next == end + 1)
                return 0;
            end = next;
        }

        if (end >= _text.Length || _text[end] != '@')
            return 0;

        var labels = 0;
        do
        {
            var next = EndOfRun(end + 1);
            if (next == end + 1)
                break;
            labels++;
            end = next;
        }
        while (end < _text.Length && _text[end] is '.' or '-');

        return labels > 1 ? end : 0;
    }

    /// <summary>A walk of its own from the beginning.</summary>
    public readonly TextTokenEnumerator GetEnumerator() => new(_text);

    readonly IEnumerator<TextToken> IEnumerable<TextToken>.GetEnumerator() => GetEnumerator();

    readonly IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    void IEnumerator.Reset() => _position = 0;

    readonly void IDisposable.Dispose()
    {
    }
}
