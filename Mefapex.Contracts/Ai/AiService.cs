namespace Mefapex.Contracts.Ai;

/// <summary>Answer of the AI service's <c>GET /health</c>: 200, or 503 while no text can be embedded.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c>, <c>starting</c> or <c>unhealthy</c>.</param>
/// <param name="ModelsAvailable">Whether each kind of model is loaded: <c>embedding</c>, <c>language</c>,
/// <c>generation</c>.</param>
/// <param name="MemoryUsageMb">Resident memory in MiB.</param>
public sealed record AiHealth(
    string Status,
    string AiServiceVersion,
    IReadOnlyDictionary<string, bool> ModelsAvailable,
    double MemoryUsageMb,
    double UptimeSeconds);

/// <summary>Answer of <c>GET /models/info</c>.</summary>
/// <param name="Device">Where models run: <c>cpu</c>.</param>
public sealed record ModelsInfo(
    IReadOnlyList<ModelInfo> ModelsLoaded,
    string Device,
    MemoryUsage MemoryUsage,
    EmbeddingCacheInfo CacheInfo,
    LazyLoadingStats LazyLoadingStats);

/// <summary>A loaded model.</summary>
/// <param name="Sha256">Of the model file, lower-case hex.</param>
/// <param name="Bytes">Length of the model file.</param>
/// <param name="Dimensions">Length of its vectors; absent where it makes none.</param>
/// <param name="LoadMs">How long loading and checking took, in milliseconds.</param>
public sealed record ModelInfo(
    string Name,
    string Version,
    string Task,
    IReadOnlyList<string> Languages,
    string Sha256,
    long Bytes,
    int? Dimensions,
    DateTimeOffset LoadedAt,
    double LoadMs);

/// <summary>Memory of the process in MiB.</summary>
/// <param name="ManagedMb">Managed heap in use.</param>
public sealed record MemoryUsage(double ResidentMb, double ManagedMb);

/// <summary>The cache of vectors; <c>Enabled</c> is false where there is none, and its figures are then absent.</summary>
public sealed record EmbeddingCacheInfo(bool Enabled, long? Entries = null, long? Hits = null, long? Misses = null);

/// <summary>Loading on first use; <c>Enabled</c> is false where all models are loaded at the start.</summary>
/// <param name="Loads">Models loaded since the start.</param>
/// <param name="Unloads">Models unloaded since the start.</param>
public sealed record LazyLoadingStats(bool Enabled, long Loads, long Unloads);
