using System.Collections.Frozen;
using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>What a page says to a person: no scripts, styles, forms or hidden parts.</summary>
internal sealed class HtmlReader : ITextReader
{
    private static readonly HashSet<string> Silent = new(StringComparer.Ordinal)
    {
        "script", "style", "noscript", "template", "head", "svg", "math", "iframe", "object", "select", "textarea", "button", "nav",
    };

    private static readonly HashSet<string> Blocks = new(StringComparer.Ordinal)
    {
        "address", "article", "aside", "blockquote", "body", "br", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure",
        "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "summary",
        "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    };

    /// <summary>Each element is compared with those it stands in: what a page nested without end would cost grows with the square.</summary>
    private const int MaxDepth = 1000;
    private const int MaxName = 40;

    /// <summary>Elements that end without an end tag, and so do not nest in their like.</summary>
    private static readonly FrozenSet<string> Unclosed = new[]
    {
        "area", "base", "body", "br", "caption", "col", "colgroup", "dd", "dt", "embed", "head", "hr", "html", "img", "input", "li", "link",
        "meta", "optgroup", "option", "p", "param", "rp", "rt", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public FileFormat Format => FileFormat.Html;

    public async Task ReadAsync(string path, TextCollector output, CancellationToken cancellationToken)
    {
        var text = await TextDecoding.ReadAsync(path, cancellationToken);
        if (Depth(text) > MaxDepth)
            throw new UnreadableFileException(FileProblem.TooExpensive, $"elements nested more than {MaxDepth} deep");
        using var document = await new HtmlParser().ParseDocumentAsync(text, cancellationToken);
        if (document.Body is { } body)
            new Walk(output).Run(body, cancellationToken);
    }

    /// <summary>How deep the elements nest at the deepest, without building them.</summary>
    private static int Depth(string text)
    {
        var open = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var (depth, deepest) = (0, 0);
        for (var at = text.IndexOf('<', StringComparison.Ordinal); at >= 0 && deepest <= MaxDepth; at = text.IndexOf('<', at + 1))
        {
            var isEnd = at + 1 < text.Length && text[at + 1] == '/';
            var start = at + (isEnd ? 2 : 1);
            var end = start;
            while (end < text.Length && end - start < MaxName && !char.IsWhiteSpace(text[end]) && text[end] is not ('>' or '/' or '<'))
                end++;
            if (end == start || !char.IsAsciiLetter(text[start]))
                continue;
            var name = text[start..end];
            if (Unclosed.Contains(name))
                continue;
            var count = open.GetValueOrDefault(name);
            if (isEnd && count == 0)
                continue;
            open[name] = count + (isEnd ? -1 : 1);
            depth += isEnd ? -1 : 1;
            deepest = Math.Max(deepest, depth);
        }

        return deepest;
    }

    /// <summary>Goes through the tree without calling itself: pages may be nested deeper than a stack is.</summary>
    private sealed class Walk(TextCollector output)
    {
        private readonly StringBuilder _text = new();
        private readonly Stack<(TableRows Rows, List<string> Cells)> _tables = new();
        private int _heading;
        private int _items;

        public void Run(IElement root, CancellationToken cancellationToken)
        {
            INode? node = root;
            while (node is not null)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Enter(node) && node.FirstChild is { } child)
                {
                    node = child;
                    continue;
                }

                Leave(node);
                while (node is not null && node != root && node.NextSibling is null)
                {
                    node = node.Parent;
                    if (node is not null)
                        Leave(node);
                }

                node = node == root ? null : node?.NextSibling;
            }
        }

        /// <returns>Whether what is inside counts.</returns>
        private bool Enter(INode node)
        {
            if (node is IText text)
            {
                _text.Append(text.Data);
                return false;
            }

            if (node is not IElement element || Silent.Contains(element.LocalName) || element.HasAttribute("hidden"))
                return false;
            if (Blocks.Contains(element.LocalName))
                Flush();
            switch (element.LocalName)
            {
                case "h1" or "h2" or "h3" or "h4" or "h5" or "h6":
                    _heading = element.LocalName[1] - '0';
                    break;
                case "li":
                    _items++;
                    break;
                case "table":
                    _tables.Push((new TableRows(output), []));
                    break;
            }

            return true;
        }

        private void Leave(INode node)
        {
            if (node is not IElement element || Silent.Contains(element.LocalName) || element.HasAttribute("hidden"))
                return;
            if (element.LocalName is "td" or "th" && _tables.TryPeek(out var row))
            {
                row.Cells.Add(Taken());
                return;
            }

            if (Blocks.Contains(element.LocalName))
                Flush();
            switch (element.LocalName)
            {
                case "h1" or "h2" or "h3" or "h4" or "h5" or "h6":
                    _heading = 0;
                    break;
                case "li":
                    _items--;
                    break;
                case "tr" when _tables.TryPeek(out var table):
                    table.Rows.Add(table.Cells);
                    table.Cells.Clear();
                    break;
                case "table" when _tables.TryPop(out var table):
                    table.Rows.Finish();
                    break;
            }
        }

        /// <summary>Ends a block; inside a table its text stays with the cell.</summary>
        private void Flush()
        {
            if (_tables.Count > 0)
            {
                _text.Append(' ');
                return;
            }

            var text = Taken();
            var kind = _heading > 0 ? BlockKind.Heading : _items > 0 ? BlockKind.ListItem : BlockKind.Paragraph;
            output.Add(new TextBlock(kind, text, _heading));
        }

        private string Taken()
        {
            var text = string.Join(' ', _text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            _text.Clear();
            return text;
        }
    }
}
