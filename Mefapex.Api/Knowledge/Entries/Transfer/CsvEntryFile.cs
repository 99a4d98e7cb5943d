using System.Buffers;
using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Mefapex.Contracts.Knowledge;

namespace Mefapex.Api.Knowledge.Entries.Transfer;

/// <summary>
/// Entries as CSV (RFC 4180, UTF-8 with a byte order mark): a line for each entry and language, several questions, tags
/// or audiences one below the other within their cell. Cells are written as <see cref="CsvCell"/> says. What belongs to
/// the entry may stand on its first line only. Commas, semicolons and tabs are understood between cells.
/// </summary>
internal static class CsvEntryFile
{
    private static readonly string[] Columns =
    [
        "id", "language", "title", "questions", "answer", "category", "owner", "valid_from", "expires_on", "tags", "audience", "status",
    ];

    private static readonly string[] NeededColumns = ["title", "questions", "answer", "category", "owner"];

    /// <summary>Also what separates cells elsewhere, so that a reader that guesses cannot guess wrong.</summary>
    private static readonly SearchValues<char> Quoted = SearchValues.Create("\"\r\n\t,; ");

    public static async Task WriteAsync(
        Stream stream,
        IAsyncEnumerable<IReadOnlyList<EntryRow>> pages,
        CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), leaveOpen: true);
        await using var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            NewLine = "\r\n",
            ShouldQuote = cell => cell.Field.AsSpan().ContainsAny(Quoted),
        });
        foreach (var column in Columns)
            csv.WriteField(column);
        await csv.NextRecordAsync();
        await foreach (var page in pages.WithCancellation(cancellationToken))
        {
            foreach (var (row, content) in page.SelectMany(row => row.Newest.Texts, (row, content) => (row, content)))
            {
                foreach (var cell in Cells(row, content))
                    csv.WriteField(CsvCell.Write(cell));
                await csv.NextRecordAsync();
            }

            await csv.FlushAsync();
            await text.FlushAsync(cancellationToken);
        }
    }

    /// <exception cref="UnreadableFileException">It is not CSV, or lacks a column.</exception>
    public static List<FileEntry> Read(byte[] file)
    {
        using var text = new StringReader(FileText.Read(file));
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            DetectDelimiter = true,
            DetectDelimiterValues = [",", ";", "\t"],
            BadDataFound = null,
        };
        using var csv = new CsvParser(text, configuration);
        var columns = Header(csv);
        var entries = new List<CsvEntry>();
        var byId = new Dictionary<string, CsvEntry>(StringComparer.Ordinal);
        for (var line = csv.RawRow + 1; csv.Read(); line = csv.RawRow + 1)
        {
            if (csv.Record is not { } cells || Array.TrueForAll(cells, string.IsNullOrWhiteSpace))
                continue;
            var row = new CsvRow(columns, cells);
            var id = row["id"];
            if (id is null || !byId.TryGetValue(id, out var entry))
            {
                entries.Add(entry = new CsvEntry(line, row));
                if (id is not null)
                    byId[id] = entry;
            }

            entry.Add(row);
        }

        return [.. entries.Select(e => e.ToEntry())];
    }

    private static string[] Cells(EntryRow row, EntryContent content) =>
    [
        row.Entry.Id,
        content.Language,
        content.Title,
        string.Join('\n', content.Questions),
        content.Answer,
        row.Newest.Category,
        row.Newest.Owner,
        row.Newest.ValidFrom.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        row.Newest.ExpiresOn?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "",
        string.Join('\n', row.Newest.Tags),
        string.Join('\n', row.Newest.Audience),
        row.Entry.Status,
    ];

    private static Dictionary<string, int> Header(CsvParser csv)
    {
        var names = csv.Read() && csv.Record is { } record ? record : [];
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
            columns.TryAdd(names[i].Trim().ToLowerInvariant(), i);
        foreach (var needed in NeededColumns)
        {
            if (!columns.ContainsKey(needed))
                throw new UnreadableFileException(1, EntryTexts.Get("file-no-column", needed));
        }

        return columns;
    }

    /// <summary>The cells of a line by column; null where one is empty or there is no such column.</summary>
    private sealed class CsvRow(Dictionary<string, int> columns, string[] cells)
    {
        public string? this[string column] =>
            columns.TryGetValue(column, out var i) && i < cells.Length && !string.IsNullOrWhiteSpace(cells[i]) ? CsvCell.Read(cells[i]) : null;

        public string[]? Lines(string column) =>
            this[column]?.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>The lines of an entry, the first one leading.</summary>
    private sealed class CsvEntry(int line, CsvRow first)
    {
        private static readonly string[] OfEntry = ["category", "owner", "valid_from", "expires_on", "tags", "audience", "status"];

        private readonly FieldErrors _errors = new();
        private readonly Dictionary<string, EntryTextWrite?> _texts = new(StringComparer.Ordinal);

        public void Add(CsvRow row)
        {
            var language = row["language"] ?? "tr";
            if (!_texts.TryAdd(language, new(row["title"], row.Lines("questions"), row["answer"])))
                _errors.Add($"texts.{language}", "row-language-twice");
            foreach (var column in OfEntry)
            {
                if (row[column] is { } value && value != first[column])
                    _errors.Add(column, "row-differs");
            }
        }

        public FileEntry ToEntry() => new(
            line,
            new EntryWrite
            {
                Id = first["id"],
                Category = first["category"],
                Owner = first["owner"],
                ValidFrom = Date("valid_from"),
                ExpiresOn = Date("expires_on"),
                Tags = first.Lines("tags"),
                Audience = first.Lines("audience"),
                Texts = _texts,
            },
            first["status"],
            _errors);

        private DateOnly? Date(string column)
        {
            if (first[column] is not { } text)
                return null;
            if (DateOnly.TryParseExact(text.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
                return date;
            _errors.Add(column, "row-date");
            return null;
        }
    }
}
