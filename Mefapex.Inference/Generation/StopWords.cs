using System.Text;

namespace Mefapex.Inference.Generation;

/// <summary>
/// Finds stop words in a text that comes in pieces. What may be the beginning of one is held back until it is clear, so
/// that nothing of a stop word gets out however it is split. Compared character by character, without regard to culture.
/// </summary>
internal sealed class StopWords
{
    private readonly string[] _words;
    private readonly StringBuilder _held = new();

    public StopWords(IEnumerable<string> words) => _words = [.. words.Where(word => word.Length > 0)];

    /// <summary>Whether one was found; nothing may be added afterwards.</summary>
    public bool Found { get; private set; }

    /// <summary>Takes a piece; gives the text that is now certain to stand before any stop word.</summary>
    public string Add(string piece)
    {
        if (_words.Length == 0)
            return piece;
        _held.Append(piece);
        var text = _held.ToString();
        var first = _words.Select(word => text.IndexOf(word, StringComparison.Ordinal)).Where(index => index >= 0).DefaultIfEmpty(-1).Min();
        Found = first >= 0;
        var certain = Found ? first : text.Length - OpenEnd(text);
        _held.Remove(0, Found ? text.Length : certain);
        return text[..certain];
    }

    /// <summary>What is still held back when the text ends.</summary>
    public string Rest()
    {
        var rest = _held.ToString();
        _held.Clear();
        return rest;
    }

    /// <summary>Length of the longest end of the text that begins a stop word.</summary>
    private int OpenEnd(string text)
    {
        for (var length = Math.Min(text.Length, _words.Max(word => word.Length) - 1); length > 0; length--)
        {
            var end = text.AsSpan(text.Length - length);
            foreach (var word in _words)
            {
                if (word.AsSpan().StartsWith(end, StringComparison.Ordinal))
                    return length;
            }
        }

        return 0;
    }
}
