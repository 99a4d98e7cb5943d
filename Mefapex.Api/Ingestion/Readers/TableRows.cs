using System.Text;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>
/// Writes the rows of a table so that each can be read, found and cited alone: <c>column: value; column: value</c>. The
/// first row that is not empty names the columns.
/// </summary>
internal sealed class TableRows(TextCollector output, int? page = null)
{
    private string[]? _columns;
    private bool _any;

    public void Add(IReadOnlyList<string> cells)
    {
        if (cells.All(string.IsNullOrWhiteSpace))
            return;
        if (_columns is null)
        {
            _columns = [.. cells.Select(OneLine)];
            return;
        }

        _any = true;
        var row = new StringBuilder();
        for (var i = 0; i < cells.Count; i++)
        {
            var value = OneLine(cells[i]);
            if (value.Length == 0)
                continue;
            row.Append(row.Length == 0 ? "" : "; ");
            if (i < _columns.Length && _columns[i].Length > 0)
                row.Append(_columns[i]).Append(": ");
            row.Append(value);
        }

        output.Add(new TextBlock(BlockKind.Row, row.ToString(), Page: page));
    }

    /// <summary>Ends the table; one that has nothing but its first row is that row.</summary>
    public void Finish()
    {
        if (!_any && _columns is not null)
            output.Add(new TextBlock(BlockKind.Row, string.Join("; ", _columns.Where(c => c.Length > 0)), Page: page));
    }

    private static string OneLine(string cell) => string.Join(' ', cell.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
