using System.ComponentModel.DataAnnotations;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Serving;

namespace Mefapex.Ai.Models;

/// <summary>Section <c>Models</c>. The variables in brackets are those of the replaced system.</summary>
internal sealed class ModelOptions : IValidatableObject
{
    public const string Section = "Models";

    private const long Mebibyte = 1024 * 1024;

    /// <summary>Folder with <c>encoder</c> and <c>language</c>; empty for the bundled models (<c>AI_MODELS_PATH</c>).</summary>
    public string Path { get; set; } = "";

    /// <summary>The encoder: <c>bundled</c> for that of <see cref="Path"/>, another folder, or <c>hub:owner/name@commit</c>.</summary>
    [Required]
    public string Encoder { get; set; } = ModelCatalogue.Bundled;

    /// <summary>The language detector: <c>bundled</c> for that of <see cref="Path"/>, or another folder.</summary>
    [Required]
    public string Language { get; set; } = ModelCatalogue.Bundled;

    /// <summary>Never loads a model; what needs one answers 503 (<c>DISABLE_AI_MODELS</c>).</summary>
    public bool Disabled { get; set; }

    /// <summary>No cache, and no model larger than <see cref="LargeModelMb"/> (<c>EMERGENCY_MODE</c>).</summary>
    public bool EmergencyMode { get; set; }

    /// <summary>Loads encoder and language detector at the start, not at their first use.</summary>
    public bool Preload { get; set; } = true;

    /// <summary>A model that is not used for so long is unloaded; 0 keeps it.</summary>
    [Range(0, 7 * 24 * 60)]
    public double IdleUnloadMinutes { get; set; } = 30;

    /// <summary>Threads that one run may use inside ONNX Runtime.</summary>
    [Range(1, 64)]
    public int IntraOpThreads { get; set; } = 1;

    /// <summary>Runs of the encoder at the same time; 0 for one per processor.</summary>
    [Range(0, 1024)]
    public int Workers { get; set; }

    /// <summary>Most tokens of one run, padding included.</summary>
    [Range(64, 1024 * 1024)]
    public int TokensPerRun { get; set; } = 4096;

    /// <summary>Texts that may wait their turn; a call beyond them is answered 429.</summary>
    [Range(1, 1024 * 1024)]
    public int MaxQueuedTexts { get; set; } = 2048;

    /// <summary>Tokens that may wait their turn; a call beyond them is answered 429.</summary>
    [Range(1, 1024 * 1024 * 1024)]
    public int MaxQueuedTokens { get; set; } = 1024 * 1024;

    /// <summary>How long a worker waits for texts that are being tokenised, to compute them together.</summary>
    [Range(0, 1000)]
    public double MaxWaitMs { get; set; } = 2;

    /// <summary>Vectors that are kept to answer the same text again; 0 for none (<c>MODEL_CACHE_SIZE</c>).</summary>
    [Range(0, 10_000_000)]
    public int CacheSize { get; set; } = 2000;

    /// <summary>MiB that the process may take; 0 for what container and machine allow.</summary>
    [Range(0, 16 * 1024 * 1024)]
    public int MemoryLimitMb { get; set; }

    /// <summary>MiB that the files of one model may have; 0 for what the process has left.</summary>
    [Range(0, 16 * 1024 * 1024)]
    public int MaxModelMb { get; set; }

    /// <summary>From this size on, in MiB, a model is not loaded in emergency mode.</summary>
    [Range(0, 16 * 1024 * 1024)]
    public int LargeModelMb { get; set; } = 64;

    /// <summary>Resident MiB above which unused models are unloaded, the cache is emptied and garbage collected; 0 for
    /// four fifths of what the process may take (<c>MEMORY_THRESHOLD_MB</c>).</summary>
    [Range(0, 16 * 1024 * 1024)]
    public int MemoryThresholdMb { get; set; }

    /// <summary>How often memory is looked at. A model not used since the last look is unused.</summary>
    [Range(1, 3600)]
    public int MemoryCheckSeconds { get; set; } = 5;

    /// <summary>Collects garbage this often, in seconds; 0 leaves that to the runtime (<c>FORCE_GC_INTERVAL</c>).</summary>
    [Range(0, 24 * 60 * 60)]
    public int ForceGcSeconds { get; set; }

    /// <summary>Whether models come and go while the service runs.</summary>
    public bool IsLazy => !Preload || IdleUnloadMinutes > 0;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MemoryLimitMb > 0 && MemoryThresholdMb > MemoryLimitMb)
        {
            yield return new ValidationResult(
                $"Models:MemoryThresholdMb (MEMORY_THRESHOLD_MB) is {MemoryThresholdMb} and must not exceed " +
                $"Models:MemoryLimitMb, which is {MemoryLimitMb}.");
        }

        if (MemoryLimitMb > 0 && MaxModelMb > MemoryLimitMb)
        {
            yield return new ValidationResult(
                $"Models:MaxModelMb is {MaxModelMb} and must not exceed Models:MemoryLimitMb, which is {MemoryLimitMb}.");
        }
    }

    public MemoryBudgetOptions ToBudget() => new()
    {
        ProcessBytes = MemoryLimitMb * Mebibyte,
        ModelBytes = MaxModelMb * Mebibyte,
        Emergency = EmergencyMode,
        LargeModelBytes = LargeModelMb * Mebibyte,
    };

    public EmbeddingServingOptions ToServing() => new()
    {
        Workers = Workers,
        TokensPerRun = TokensPerRun,
        MaxQueuedTexts = MaxQueuedTexts,
        MaxQueuedTokens = MaxQueuedTokens,
        MaxWait = TimeSpan.FromMilliseconds(MaxWaitMs),
    };

    public long ThresholdOf(MemoryBudget budget) =>
        MemoryThresholdMb > 0 ? MemoryThresholdMb * Mebibyte : budget.Limit / 5 * 4;
}
