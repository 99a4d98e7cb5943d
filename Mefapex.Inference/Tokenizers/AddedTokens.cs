using System.Buffers;
using System.Runtime.InteropServices;

namespace Mefapex.Inference.Tokenizers;

/// <summary>A token that is found in the text itself and not by the model.</summary>
/// <param name="SingleWord">Whether it counts only where no word character touches it.</param>
/// <param name="StripLeft">Whether it takes white space before it away.</param>
/// <param name="StripRight">Whether it takes white space behind it away.</param>
/// <param name="Normalized">Whether it is looked for in the normalised text.</param>
internal sealed record AddedToken(
    string Content, int Id, bool SingleWord, bool StripLeft, bool StripRight, bool Normalized);

/// <summary>Cuts a text at added tokens: the leftmost first, of several at one place the longest.</summary>
internal sealed class AddedTokens
{
    private readonly (string Text, AddedToken Token)[] _tokens;
    private readonly VocabularyTrie _trie;
    private readonly SearchValues<char> _firsts;

    /// <summary>Of tokens, each with the text to look for.</summary>
    public AddedTokens(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        _tokens = [.. tokens.Where(entry => entry.Text.Length > 0)];
        _trie = new VocabularyTrie([.. _tokens.Select((entry, i) => KeyValuePair.Create(entry.Text, i))]);
        _firsts = SearchValues.Create([.. _tokens.Select(entry => entry.Text[0])]);
    }

    /// <summary>The parts of a text in their order: an id, or <see cref="Section.Text"/> for what lies between.</summary>
    public List<Section> Split(string text)
    {
        var sections = new List<Section>();
        var rest = 0;
        for (var i = NextFirst(text, 0); i >= 0; i = NextFirst(text, i))
        {
            if (FindAt(text, i) is not var (content, token))
            {
                i++;
                continue;
            }

            var start = i;
            var end = i + content.Length;
            while (token.StripLeft && start > rest && Characters.IsSpace(text[start - 1]))
                start--;
            while (token.StripRight && end < text.Length && Characters.IsSpace(text[end]))
                end++;
            if (start > rest)
                sections.Add(new Section(rest, start, Section.Text));
            sections.Add(new Section(start, end, token.Id));
            i = rest = end;
        }

        if (rest < text.Length)
            sections.Add(new Section(rest, text.Length, Section.Text));
        return sections;
    }

    private int NextFirst(string text, int from)
    {
        if (_tokens.Length == 0 || from >= text.Length)
            return -1;
        var found = text.AsSpan(from).IndexOfAny(_firsts);
        return found < 0 ? -1 : from + found;
    }

    private (string Text, AddedToken Token)? FindAt(string text, int index)
    {
        (string, AddedToken)? found = null;
        var node = VocabularyTrie.Root;
        for (var i = index; i < text.Length; i++)
        {
            node = _trie.Child(node, text[i]);
            if (node == VocabularyTrie.None)
                break;
            var id = _trie.IdAt(node);
            if (id != VocabularyTrie.None && (!_tokens[id].Token.SingleWord || StandsAlone(text, index, i + 1)))
                found = _tokens[id];
        }

        return found;
    }

    private static bool StandsAlone(string text, int start, int end)
    {
        var before = start > 1 && char.IsLowSurrogate(text[start - 1]) ? start - 2 : start - 1;
        return (before < 0 || !Characters.IsWord(text, before, out _))
            && (end == text.Length || !Characters.IsWord(text, end, out _));
    }
}

/// <summary>A part of a text.</summary>
/// <param name="Id">The added token, or <see cref="Text"/>.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Section(int Start, int End, int Id)
{
    public const int Text = -1;
}
