using System.Text;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>Joins the blocks of a reader to one text that PostgreSQL can keep, and ends a file that has too much.</summary>
internal sealed class TextCollector(int maxCharacters)
{
    private const char NoBreakSpace = '\u00A0';
    private const char SoftHyphen = '\u00AD';
    private const char ByteOrderMark = '\uFEFF';
    private const char ZeroWidthSpace = '\u200B';

    private readonly StringBuilder _text = new();
    private readonly List<PlacedBlock> _blocks = [];
    private readonly HashSet<int> _writtenPages = [];
    private int? _pages;
    private bool _tellsEmpty;

    /// <summary>Takes a block; one that is only white space is passed over.</summary>
    public void Add(TextBlock block)
    {
        var text = Clean(block.Text);
        if (text.Length == 0)
            return;
        if (_text.Length + text.Length + 2 > maxCharacters)
            throw new UnreadableFileException(FileProblem.TooMuchText, $"more than {maxCharacters} characters");
        if (_blocks.Count > 0)
            _text.Append(block.Kind is BlockKind.Row or BlockKind.ListItem && _blocks[^1].Kind == block.Kind ? "\n" : "\n\n");
        _blocks.Add(new PlacedBlock(block.Kind, block.Level, block.Page, _text.Length, text.Length));
        _text.Append(text);
        if (block.Page is { } page)
            _writtenPages.Add(page);
    }

    /// <summary>Says how many pages the file has.</summary>
    /// <param name="tellsEmpty">Whether a page on which no block begins is one without text.</param>
    public void HasPages(int count, bool tellsEmpty) => (_pages, _tellsEmpty) = (count, tellsEmpty);

    /// <exception cref="UnreadableFileException">There is no text at all.</exception>
    public ExtractedText Finish()
    {
        int[] empty = _tellsEmpty && _pages is { } pages ? [.. Enumerable.Range(1, pages).Where(page => !_writtenPages.Contains(page))] : [];
        if (_blocks.Count == 0)
            throw new UnreadableFileException(FileProblem.NoText, _pages is { } count ? $"{count} pages, none with text" : null);
        return new ExtractedText(_text.ToString(), _blocks, _pages, empty);
    }

    /// <summary>Line feeds only, no control characters, no halves of characters, no white space at the ends.</summary>
    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\r')
            {
                if (i + 1 == text.Length || text[i + 1] != '\n')
                    clean.Append('\n');
            }
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                clean.Append(c).Append(text[++i]);
            }
            else if (char.IsSurrogate(c))
            {
                clean.Append('\uFFFD');
            }
            else if (c == NoBreakSpace)
            {
                clean.Append(' ');
            }
            else if (c is '\n' or '\t' || !(char.IsControl(c) || c is SoftHyphen or ByteOrderMark or ZeroWidthSpace))
            {
                clean.Append(c);
            }
        }

        return clean.ToString().Trim();
    }
}
