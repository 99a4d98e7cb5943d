using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Serving;

/// <summary>Where a model stands in its life.</summary>
public enum ModelState
{
    /// <summary>Not in memory; the first use loads it.</summary>
    Unloaded,

    /// <summary>Being read and checked.</summary>
    Loading,

    /// <summary>Loaded, running for the first time.</summary>
    WarmingUp,

    /// <summary>Loaded, checked and in use or ready for it.</summary>
    Ready,

    /// <summary>About to be unloaded: what holds it finishes, what comes waits and loads it anew.</summary>
    Draining,

    /// <summary>Could not be loaded; the next use after a delay tries again.</summary>
    Failed,
}

/// <summary>Why a model was unloaded.</summary>
public enum UnloadReason
{
    /// <summary>Somebody asked for it.</summary>
    Requested,

    /// <summary>It was not used for the configured time.</summary>
    Idle,

    /// <summary>The process holds more memory than its threshold.</summary>
    Memory,

    /// <summary>The program ends.</summary>
    Shutdown,
}

/// <summary>Where the figure of a model's memory comes from.</summary>
public enum MemorySource
{
    /// <summary>Resident memory of the process after loading and warming up, less that before.</summary>
    Resident,

    /// <summary>Bytes of the model file: a lower bound, taken where the difference says less.</summary>
    FileSize,
}

/// <summary>Memory that a loaded model takes.</summary>
public sealed record ModelMemory(long Bytes, MemorySource Source);

/// <summary>A move of a model from one state to another.</summary>
/// <param name="Kind">Which model; <see cref="ModelSlot.Kind"/>.</param>
/// <param name="Took">Time of a load, warm-up included, where the move ends one.</param>
/// <param name="Unload">Why it is unloaded, where it is.</param>
/// <param name="Failure">Why it could not be loaded, where it could not.</param>
public sealed record ModelChange(
    string Kind,
    ModelState From,
    ModelState To,
    TimeSpan? Took = null,
    UnloadReason? Unload = null,
    Exception? Failure = null);

/// <summary>What is known of a model at one moment.</summary>
/// <param name="Failure">Why it could not be loaded, while it is <see cref="ModelState.Failed"/>.</param>
/// <param name="RetryAt">When the next use tries to load it again, while it is failed.</param>
/// <param name="Leases">Users that hold it now.</param>
/// <param name="Loads">Times it was loaded since the start.</param>
/// <param name="LoadFailures">Times it could not be loaded since the start.</param>
/// <param name="LoadedAt">When it became ready, while it is loaded.</param>
/// <param name="LoadTook">How long that took, warm-up included.</param>
/// <param name="LastUsedAt">When it was last taken or given back, while it is loaded.</param>
/// <param name="Manifest">What is known of the model, while it is loaded.</param>
public sealed record ModelStatus(
    ModelState State,
    Exception? Failure,
    DateTimeOffset? RetryAt,
    int Leases,
    long Loads,
    long Unloads,
    long LoadFailures,
    DateTimeOffset? LoadedAt,
    TimeSpan? LoadTook,
    DateTimeOffset? LastUsedAt,
    ModelMemory? Memory,
    ModelManifest? Manifest);
