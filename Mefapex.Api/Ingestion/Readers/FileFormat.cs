namespace Mefapex.Api.Ingestion.Readers;

/// <summary>A kind of file that can be read.</summary>
/// <param name="Name">As people call it.</param>
/// <param name="Extensions">Lower case, with the dot.</param>
/// <param name="MediaTypes">What senders call it; the first is its own.</param>
internal sealed record FileFormat(string Name, string[] Extensions, string[] MediaTypes)
{
    private const string PlainText = "text/plain";

    public static readonly FileFormat Txt = new("txt", [".txt"], [PlainText]);
    public static readonly FileFormat Markdown = new("md", [".md", ".markdown"], ["text/markdown", "text/x-markdown", PlainText]);
    public static readonly FileFormat Html = new("html", [".html", ".htm"], ["text/html", "application/xhtml+xml"]);
    public static readonly FileFormat Csv = new("csv", [".csv"], ["text/csv", "application/csv", "application/vnd.ms-excel", PlainText]);
    public static readonly FileFormat Json = new("json", [".json"], ["application/json", "text/json", PlainText]);
    public static readonly FileFormat Pdf = new("pdf", [".pdf"], ["application/pdf", "application/x-pdf"]);

    public static readonly FileFormat Docx = new(
        "docx", [".docx"], ["application/vnd.openxmlformats-officedocument.wordprocessingml.document"]);

    public static readonly FileFormat Xlsx = new(
        "xlsx", [".xlsx"], ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]);

    public static readonly IReadOnlyList<FileFormat> All = [Txt, Markdown, Html, Csv, Json, Docx, Xlsx, Pdf];

    /// <summary>Says of a sender that it did not know.</summary>
    private static readonly string[] Unspecified = ["", "application/octet-stream", "binary/octet-stream"];

    public string MediaType => MediaTypes[0];

    public static FileFormat? OfName(string fileName)
    {
        var extension = Path.GetExtension(fileName).ToLowerInvariant();
        return All.FirstOrDefault(format => format.Extensions.Contains(extension));
    }

    /// <summary>Whether a sender may call such a file this.</summary>
    public bool GoesBy(string? mediaType)
    {
        var plain = (mediaType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        return Unspecified.Contains(plain) || MediaTypes.Contains(plain);
    }
}
