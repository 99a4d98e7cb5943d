using System.ComponentModel.DataAnnotations;

namespace Mefapex.Api.Ingestion;

/// <summary>Section <c>Ingestion</c>: how files become searchable.</summary>
internal sealed class IngestionOptions
{
    public const string Section = "Ingestion";

    /// <summary>The largest file that is taken.</summary>
    [Range(1, long.MaxValue)]
    public long MaxFileBytes { get; init; } = 25 * 1024 * 1024;

    /// <summary>What the parts of an office file may unpack to, all together.</summary>
    [Range(1, long.MaxValue)]
    public long MaxUnpackedBytes { get; init; } = 200 * 1024 * 1024;

    /// <summary>How many times its packed size an office file of some size may unpack to.</summary>
    [Range(1, int.MaxValue)]
    public int MaxUnpackRatio { get; init; } = 100;

    /// <summary>The longest text of one file, UTF-16 characters.</summary>
    [Range(1, 100_000_000)]
    public int MaxCharacters { get; init; } = 10_000_000;

    /// <summary>The program that reads PDF files: a name on the PATH, or a path.</summary>
    [Required]
    public string PdfToText { get; init; } = "pdftotext";

    /// <summary>How long one file may take it, on the clock and in processor time.</summary>
    public TimeSpan PdfTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Address space it gets.</summary>
    [Range(64L * 1024 * 1024, long.MaxValue)]
    public long PdfMemoryBytes { get; init; } = 1024L * 1024 * 1024;

    /// <summary>Files worked on at a time in this process; 0 leaves the work to others.</summary>
    [Range(0, 16)]
    public int Workers { get; init; } = 1;

    /// <summary>The share of the time that a file is worked on while questions are asked.</summary>
    [Range(0.01, 1)]
    public double BusyShare { get; init; } = 0.07;

    /// <summary>How much longer a file may take for that.</summary>
    public TimeSpan MaxRest { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long work that its worker no longer renews stays its own.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often work is looked for that nobody in this process has announced.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often one step may end without a result before the file is set aside.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; init; } = 3;

    /// <summary>The wait before a failed step is tried again; it doubles with each try.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Chunks embedded in one call; a question waits for no more than one of them.</summary>
    [Range(1, Ai.AiClient.MaxBatch)]
    public int EmbeddingBatch { get; init; } = 16;

    /// <summary>Watched folders by tenant slug.</summary>
    public Dictionary<string, string> Folders { get; init; } = new(StringComparer.Ordinal);

    public TimeSpan FolderScan { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How old a file in the store must be to count as left behind when no version has it.</summary>
    public TimeSpan OrphanAge { get; init; } = TimeSpan.FromHours(1);
}
