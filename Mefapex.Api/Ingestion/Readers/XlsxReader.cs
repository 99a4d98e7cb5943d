using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>The visible sheets of an Excel workbook (ECMA-376), values as last computed; the first row names the columns.</summary>
internal sealed class XlsxReader(IOptions<IngestionOptions> options) : ITextReader
{
    private const string Main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    private const int MaxColumns = 1000;
    private static readonly XNamespace S = Main;
    private static readonly XNamespace Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    /// <summary>Number formats that everybody has, see ECMA-376 part 1, 18.8.30.</summary>
    private static readonly HashSet<int> DateFormats = [14, 15, 16, 17, 22, 27, 30, 36, 50, 57];
    private static readonly HashSet<int> TimeFormats = [18, 19, 20, 21, 45, 46, 47];

    public FileFormat Format => FileFormat.Xlsx;

    public async Task ReadAsync(string path, TextCollector output, CancellationToken cancellationToken)
    {
        using var package = OfficePackage.Open(path, options.Value);
        try
        {
            var workbook = await LoadAsync(package, "xl/workbook.xml", cancellationToken)
                ?? throw new UnreadableFileException(FileProblem.Corrupt, "it has no xl/workbook.xml");
            var targets = await TargetsAsync(package, cancellationToken);
            var book = new Book(
                await StringsAsync(package, cancellationToken),
                await StylesAsync(package, cancellationToken),
                (string?)workbook.Root?.Element(S + "workbookPr")?.Attribute("date1904") is "1" or "true");
            foreach (var sheet in workbook.Descendants(S + "sheet").Where(s => (string?)s.Attribute("state") is null or "visible"))
            {
                if (!targets.TryGetValue((string?)sheet.Attribute(Relations + "id") ?? "", out var part) || package.Read(part) is not { } reader)
                    continue;
                output.Add(new TextBlock(BlockKind.Heading, (string?)sheet.Attribute("name") ?? "", 1));
                using (reader)
                    await ReadSheetAsync(reader, book, new TableRows(output), cancellationToken);
            }
        }
        catch (Exception e) when (e is XmlException or InvalidDataException or FormatException or OverflowException)
        {
            throw new UnreadableFileException(FileProblem.Corrupt, e.Message, e);
        }
    }

    private static async Task<XDocument?> LoadAsync(OfficePackage package, string part, CancellationToken cancellationToken)
    {
        using var reader = package.Read(part);
        return reader is null ? null : await XDocument.LoadAsync(reader, LoadOptions.None, cancellationToken);
    }

    /// <summary>Where the sheets lie, by the id of their relation.</summary>
    private static async Task<Dictionary<string, string>> TargetsAsync(OfficePackage package, CancellationToken cancellationToken)
    {
        var relations = await LoadAsync(package, "xl/_rels/workbook.xml.rels", cancellationToken);
        return relations?.Root?.Elements().ToDictionary(
            r => (string?)r.Attribute("Id") ?? "",
            r => (string?)r.Attribute("Target") is { } target
                ? target.StartsWith('/') ? target[1..] : $"xl/{target}"
                : "",
            StringComparer.Ordinal) ?? [];
    }

    private static async Task<List<string>> StringsAsync(OfficePackage package, CancellationToken cancellationToken)
    {
        var strings = new List<string>();
        using var reader = package.Read("xl/sharedStrings.xml");
        while (reader is not null && await reader.ReadAsync())
        {
            while (reader is { NodeType: XmlNodeType.Element, LocalName: "si", NamespaceURI: Main })
                strings.Add(TextOf((XElement)await XNode.ReadFromAsync(reader, cancellationToken)));
        }

        return strings;
    }

    /// <summary>What the number formats of the cell styles, in their order, show.</summary>
    private static async Task<List<Shown>> StylesAsync(OfficePackage package, CancellationToken cancellationToken)
    {
        var styles = await LoadAsync(package, "xl/styles.xml", cancellationToken);
        var codes = styles?.Descendants(S + "numFmt").ToDictionary(f => (int)f.Attribute("numFmtId")!, f => (string?)f.Attribute("formatCode") ?? "")
            ?? [];
        return [.. (styles?.Descendants(S + "cellXfs").Elements(S + "xf") ?? []).Select(xf => ShownBy((int?)xf.Attribute("numFmtId") ?? 0, codes))];
    }

    private static Shown ShownBy(int format, Dictionary<int, string> codes)
    {
        if (DateFormats.Contains(format))
            return Shown.Date;
        if (TimeFormats.Contains(format))
            return Shown.Time;
        if (format is 9 or 10)
            return Shown.Percent;
        if (!codes.TryGetValue(format, out var code))
            return Shown.Number;
        var signs = Signs(code);
        return signs.Contains('y', StringComparison.Ordinal) || signs.Contains('d', StringComparison.Ordinal) ? Shown.Date
            : signs.Contains('h', StringComparison.Ordinal) || signs.Contains('s', StringComparison.Ordinal) ? Shown.Time
            : signs.Contains('%', StringComparison.Ordinal) ? Shown.Percent
            : Shown.Number;
    }

    /// <summary>A format code without what it shows as it stands: quoted, bracketed or escaped text.</summary>
    private static string Signs(string code)
    {
        var signs = new StringBuilder();
        for (var i = 0; i < code.Length; i++)
        {
            var close = code[i] switch { '"' => '"', '[' => ']', _ => '\0' };
            if (close != '\0')
                i = code.IndexOf(close, i + 1) is >= 0 and var end ? end : code.Length;
            else if (code[i] is '\\' or '_' or '*')
                i++;
            else
                signs.Append(char.ToLowerInvariant(code[i]));
        }

        return signs.ToString();
    }

    private static async Task ReadSheetAsync(XmlReader reader, Book book, TableRows rows, CancellationToken cancellationToken)
    {
        while (await reader.ReadAsync())
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (reader is { NodeType: XmlNodeType.Element, LocalName: "row", NamespaceURI: Main })
            {
                var cells = new List<string>();
                foreach (var cell in ((XElement)await XNode.ReadFromAsync(reader, cancellationToken)).Elements(S + "c"))
                {
                    var column = (string?)cell.Attribute("r") is { } reference ? ColumnOf(reference) : cells.Count;
                    if (column is < 0 or >= MaxColumns)
                        continue;
                    while (cells.Count <= column)
                        cells.Add("");
                    cells[column] = book.Show(cell);
                }

                rows.Add(cells);
            }
        }

        rows.Finish();
    }

    /// <summary>From 0: A is 0, AA is 26.</summary>
    private static int ColumnOf(string reference)
    {
        var column = 0;
        foreach (var letter in reference.TakeWhile(char.IsAsciiLetterUpper).Take(4))
            column = column * 26 + (letter - 'A' + 1);
        return column - 1;
    }

    /// <summary>The runs of a string, without the readings of its characters.</summary>
    private static string TextOf(XElement element) =>
        string.Concat(element.Descendants(S + "t").Where(t => t.Parent?.Name != S + "rPh").Select(t => t.Value));

    private enum Shown
    {
        Number,
        Percent,
        Date,
        Time,
    }

    private sealed record Book(List<string> Strings, List<Shown> Styles, bool Since1904)
    {
        public string Show(XElement cell)
        {
            var value = (string?)cell.Element(S + "v") ?? "";
            return (string?)cell.Attribute("t") switch
            {
                "s" => int.TryParse(value, CultureInfo.InvariantCulture, out var index) && index >= 0 && index < Strings.Count ? Strings[index] : "",
                "inlineStr" => cell.Element(S + "is") is { } text ? TextOf(text) : "",
                "b" => value == "1" ? "✓" : "✗",
                "e" => "",
                "str" or "d" => value,
                _ => Number(value, (int?)cell.Attribute("s") is { } style && style >= 0 && style < Styles.Count ? Styles[style] : Shown.Number),
            };
        }

        private string Number(string value, Shown shown)
        {
            if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                return value;
            return shown switch
            {
                Shown.Percent => string.Create(CultureInfo.InvariantCulture, $"%{Math.Round(number * 100, 4)}"),
                Shown.Date when IsDate(number) => Day(number).ToString(
                    number % 1 == 0 ? "dd.MM.yyyy" : "dd.MM.yyyy HH:mm", CultureInfo.InvariantCulture),
                Shown.Time when IsDate(number) => Day(number).ToString("HH:mm", CultureInfo.InvariantCulture),
                _ => Math.Round(number, 10).ToString("0.##########", CultureInfo.InvariantCulture),
            };
        }

        private static bool IsDate(double number) => number is >= 0 and < 2_958_466;

        private DateTime Day(double number) => DateTime.FromOADate(number + (Since1904 ? 1462 : 0)).AddMilliseconds(500);
    }
}
