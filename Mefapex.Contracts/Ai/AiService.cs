namespace Mefapex.Contracts.Ai;

/// <summary>Answer of the AI service's <c>GET /health</c>: 200, or 503 while no text can be embedded.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c>, <c>starting</c>, <c>unhealthy</c>, or <c>disabled</c> (200) where
/// models are switched off on purpose.</param>
/// <param name="ModelsAvailable">Whether each kind of model can be used, for it is loaded or will be at its next use:
/// <c>embedding</c>, <c>language</c>, <c>generation</c>.</param>
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
/// <param name="LoadMs">How long loading, checking and warming up took, in milliseconds.</param>
/// <param name="Kind">What it is loaded for: <c>embedding</c>, <c>language</c> or <c>generation</c>.</param>
/// <param name="State"><c>ready</c>, or <c>draining</c> while it waits to be unloaded.</param>
/// <param name="MemoryMb">Memory that it takes, in MiB.</param>
/// <param name="MemorySource"><c>resident</c> where that was measured when it was loaded, <c>file_size</c> where it is a
/// lower bound.</param>
public sealed record ModelInfo(
    string Name,
    string Version,
    string Task,
    IReadOnlyList<string> Languages,
    string Sha256,
    long Bytes,
    int? Dimensions,
    DateTimeOffset LoadedAt,
    double LoadMs,
    string Kind,
    string State,
    double MemoryMb,
    string MemorySource,
    DateTimeOffset LastUsedAt);

/// <summary>Memory of the process in MiB.</summary>
/// <param name="ManagedMb">Managed heap in use.</param>
/// <param name="LimitMb">What the process may take by configuration, container and machine.</param>
/// <param name="ThresholdMb">Above it unused models are unloaded and the cache is emptied.</param>
/// <param name="UnderPressure">Whether it is above.</param>
public sealed record MemoryUsage(
    double ResidentMb, double ManagedMb, double LimitMb, double ThresholdMb, bool UnderPressure, bool EmergencyMode);

/// <summary>The cache of vectors; <c>Enabled</c> is false where there is none, and its figures are then absent.</summary>
/// <param name="Capacity">Most vectors that are kept.</param>
public sealed record EmbeddingCacheInfo(
    bool Enabled, long? Entries = null, long? Hits = null, long? Misses = null, long? Capacity = null);

/// <summary>Loading and unloading while the service runs; <c>Enabled</c> is false where all models are loaded at the
/// start and kept.</summary>
/// <param name="Loads">Models loaded since the start.</param>
/// <param name="Unloads">Models unloaded since the start.</param>
/// <param name="LoadFailures">Loads that failed since the start.</param>
/// <param name="IdleUnloadMinutes">A model not used for so long is unloaded; 0 where none is.</param>
public sealed record LazyLoadingStats(
    bool Enabled,
    long Loads,
    long Unloads,
    long LoadFailures,
    double IdleUnloadMinutes,
    IReadOnlyList<ModelLoadingStats> Models);

/// <summary>Loads and unloads of one model.</summary>
/// <param name="State"><c>unloaded</c>, <c>loading</c>, <c>warming_up</c>, <c>ready</c>, <c>draining</c> or <c>failed</c>.</param>
/// <param name="InUse">Requests that hold it now.</param>
/// <param name="RetryAt">When a failed load may be tried again.</param>
public sealed record ModelLoadingStats(
    string Kind,
    string State,
    long Loads,
    long Unloads,
    long LoadFailures,
    int InUse,
    DateTimeOffset? RetryAt);

/// <summary>Answer of <c>GET /stats/lazy-loading</c>.</summary>
public sealed record LazyLoadingAnswer(LazyLoadingStats LazyLoadingStats);

/// <summary>Answer of <c>POST /models/warmup</c>, <c>/models/cleanup</c> and <c>/models/unload</c>.</summary>
/// <param name="Models">Kinds that were loaded, or unloaded.</param>
/// <param name="CacheEntries">Vectors that the cache forgot.</param>
/// <param name="FreedMb">By how many MiB resident memory shrank.</param>
public sealed record ModelsAction(
    string Message, IReadOnlyList<string> Models, double MemoryUsageMb, int? CacheEntries = null, double? FreedMb = null);
