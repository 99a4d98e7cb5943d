namespace Mefapex.Api.Ingestion;

/// <summary>A file cannot be used as it is, and trying again would not help.</summary>
/// <param name="problem">Stable name of what is wrong, see <see cref="FileProblem"/>.</param>
/// <param name="detail">More, for the log and the editor.</param>
internal sealed class UnreadableFileException(string problem, string? detail = null, Exception? inner = null)
    : Exception(detail is null ? problem : $"{problem}: {detail}", inner)
{
    public string Problem => problem;

    public string? Detail => detail;
}

/// <summary>What can be wrong with a file; IngestionTexts has a sentence for each.</summary>
internal static class FileProblem
{
    public const string Corrupt = "file-corrupt";
    public const string Encrypted = "file-encrypted";
    public const string NoText = "no-text";
    public const string ZipBomb = "zip-bomb";
    public const string TooExpensive = "file-too-expensive";
    public const string TooMuchText = "too-much-text";
    public const string UnknownFormat = "unknown-format";
    public const string MediaTypeMismatch = "media-type-mismatch";
    public const string ContentMismatch = "content-mismatch";
    public const string PdfReaderMissing = "pdf-reader-missing";
    public const string Crashed = "processing-crashed";

    public static readonly IReadOnlyList<string> All =
    [
        Corrupt, Encrypted, NoText, ZipBomb, TooExpensive, TooMuchText, UnknownFormat, MediaTypeMismatch, ContentMismatch,
        PdfReaderMissing, Crashed,
    ];
}
