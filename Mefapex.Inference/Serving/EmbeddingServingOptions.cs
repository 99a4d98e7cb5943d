namespace Mefapex.Inference.Serving;

/// <summary>How a served encoder shares its work.</summary>
public sealed record EmbeddingServingOptions
{
    /// <summary>Runs at the same time; 0 for one per processor.</summary>
    public int Workers { get; init; }

    /// <summary>Most tokens of one run, padding included; a longer text runs alone.</summary>
    public int TokensPerRun { get; init; } = 4096;

    /// <summary>Texts that may wait. A call of more than half as many is computed in parts.</summary>
    public int MaxQueuedTexts { get; init; } = 2048;

    /// <summary>Tokens that may wait. A call of more tokens is taken while nothing waits.</summary>
    public long MaxQueuedTokens { get; init; } = 1024 * 1024;

    /// <summary>How long a worker waits for texts that are being tokenised, where its batch is not full; nothing else
    /// is waited for.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(2);
}
