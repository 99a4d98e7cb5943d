using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Mefapex.Api.Knowledge.Entries.Transfer;

namespace Mefapex.Api.Audit;

/// <summary>Events as CSV (RFC 4180, UTF-8 with a byte order mark), no cell of which a spreadsheet computes.</summary>
internal static class AuditCsv
{
    private static readonly string[] Columns =
    [
        "number", "at", "verb", "actor_kind", "actor_id", "actor_name", "subject_kind", "subject_id", "address", "user_agent", "before",
        "after", "hash",
    ];

    public static async Task WriteAsync(
        Stream stream,
        IAsyncEnumerable<AuditLine> lines,
        CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), leaveOpen: true);
        await using var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\r\n" });
        foreach (var column in Columns)
            csv.WriteField(column);
        await csv.NextRecordAsync();
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            foreach (var cell in Cells(line))
                csv.WriteField(CsvCell.Write(cell ?? ""));
            await csv.NextRecordAsync();
        }
    }

    private static string?[] Cells(AuditLine line) =>
    [
        line.Event.Number.ToString(CultureInfo.InvariantCulture),
        line.Event.At.ToString("O", CultureInfo.InvariantCulture),
        line.Event.Verb,
        line.Event.ActorKind,
        line.Event.ActorId?.ToString(),
        line.Name?.Name,
        line.Event.SubjectKind,
        line.Event.SubjectId,
        line.Origin?.Address,
        line.Origin?.UserAgent,
        line.Event.Before,
        line.Event.After,
        Convert.ToHexStringLower(line.Event.Hash),
    ];
}
