using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>
/// The text of a Word document (ECMA-376): headings by the outline level of their style, lists, tables. Pages are as Word
/// last laid them out, where it noted that.
/// </summary>
internal sealed class DocxReader(IOptions<IngestionOptions> options) : ITextReader
{
    private const string Main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    private const string MainPart = "word/document.xml";

    /// <summary>Where Word began a new page when it last laid the text out.</summary>
    private const string PageBreak = "lastRenderedPageBreak";

    private static readonly XNamespace W = Main;
    private static readonly XName Value = W + "val";

    public FileFormat Format => FileFormat.Docx;

    public async Task ReadAsync(string path, TextCollector output, CancellationToken cancellationToken)
    {
        using var package = OfficePackage.Open(path, options.Value);
        try
        {
            var levels = await HeadingLevelsAsync(package, cancellationToken);
            using var reader = package.Read(MainPart)
                ?? throw new UnreadableFileException(FileProblem.Corrupt, $"it has no {MainPart}");
            var body = new Body(levels, await HasPagesAsync(package, cancellationToken), output);
            while (await reader.ReadAsync())
            {
                cancellationToken.ThrowIfCancellationRequested();
                while (reader is { NodeType: XmlNodeType.Element, LocalName: "p" or "tbl", NamespaceURI: Main })
                    body.Add((XElement)await XNode.ReadFromAsync(reader, cancellationToken));
            }

            body.Finish();
        }
        catch (Exception e) when (e is XmlException or InvalidDataException)
        {
            throw new UnreadableFileException(FileProblem.Corrupt, e.Message, e);
        }
    }

    private static async Task<bool> HasPagesAsync(OfficePackage package, CancellationToken cancellationToken)
    {
        using var reader = package.Read(MainPart);
        while (reader is not null && await reader.ReadAsync())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (reader is { NodeType: XmlNodeType.Element, LocalName: PageBreak })
                return true;
        }

        return false;
    }

    /// <summary>Outline levels by style id; programs name the ids in their own language, so the names and levels decide.</summary>
    private static async Task<Dictionary<string, int>> HeadingLevelsAsync(OfficePackage package, CancellationToken cancellationToken)
    {
        var levels = new Dictionary<string, int>(StringComparer.Ordinal);
        using var reader = package.Read("word/styles.xml");
        if (reader is null)
            return levels;
        var styles = await XDocument.LoadAsync(reader, LoadOptions.None, cancellationToken);
        foreach (var style in styles.Descendants(W + "style"))
        {
            var name = (string?)style.Element(W + "name")?.Attribute(Value) ?? "";
            var outline = (int?)style.Element(W + "pPr")?.Element(W + "outlineLvl")?.Attribute(Value);
            var level = outline + 1 ?? (name.StartsWith("heading ", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(name.AsSpan(8), out var number) ? number
                : name.Equals("title", StringComparison.OrdinalIgnoreCase) ? 1 : 0);
            if (level is > 0 and < 10 && (string?)style.Attribute(W + "styleId") is { } id)
                levels[id] = level;
        }

        return levels;
    }

    private sealed class Body(Dictionary<string, int> levels, bool hasPages, TextCollector output)
    {
        private int _breaks;

        private int? Page => hasPages ? _breaks + 1 : null;

        public void Add(XElement element)
        {
            if (element.Name == W + "tbl")
                AddTable(element);
            else
                AddParagraph(element);
        }

        public void Finish()
        {
            if (hasPages)
                output.HasPages(_breaks + 1, tellsEmpty: false);
        }

        private void AddParagraph(XElement paragraph)
        {
            var properties = paragraph.Element(W + "pPr");
            var style = (string?)properties?.Element(W + "pStyle")?.Attribute(Value);
            var level = (int?)properties?.Element(W + "outlineLvl")?.Attribute(Value) + 1
                ?? (style is not null ? levels.GetValueOrDefault(style) : 0);
            var isItem = properties?.Element(W + "numPr") is not null;
            var startsOn = Page;
            var text = TextOf(paragraph);
            // A break before the first word moves the paragraph, one within it leaves it where it began.
            var page = BreaksFirst(paragraph) ? startsOn + 1 : startsOn;
            output.Add(level is > 0 and < 10
                ? new TextBlock(BlockKind.Heading, text, level, page)
                : new TextBlock(isItem ? BlockKind.ListItem : BlockKind.Paragraph, text, Page: page));
        }

        private void AddTable(XElement table)
        {
            var rows = new TableRows(output, Page);
            foreach (var row in table.Elements(W + "tr"))
            {
                rows.Add([.. row.Elements(W + "tc").Select(cell =>
                    string.Join(' ', cell.Descendants(W + "p").Select(TextOf)))]);
            }

            rows.Finish();
        }

        private static bool BreaksFirst(XElement paragraph) => paragraph.Descendants()
            .FirstOrDefault(e => e.Name == W + PageBreak || (e.Name == W + "t" && e.Value.Length > 0))
            ?.Name == W + PageBreak;

        /// <summary>What a reader sees: no deleted text, no field codes, and of alternatives only the first.</summary>
        private string TextOf(XElement paragraph)
        {
            var text = new StringBuilder();
            foreach (var element in paragraph.Descendants())
            {
                switch (element.Name.LocalName)
                {
                    case "t" when element.Name.Namespace == W && !element.Ancestors().Any(a => a.Name.LocalName is "Fallback" or "del"):
                        text.Append(element.Value);
                        break;
                    case "tab":
                        text.Append(element.Parent?.Name == W + "r" ? "\t" : "");
                        break;
                    case "br" or "cr":
                        text.Append('\n');
                        break;
                    case PageBreak:
                        _breaks++;
                        break;
                }
            }

            return text.ToString();
        }
    }
}
