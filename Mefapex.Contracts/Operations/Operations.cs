namespace Mefapex.Contracts.Operations;

/// <summary>Answer of <c>/health/comprehensive</c> and <c>/api/health/…</c>: 200, or 503 when <c>unhealthy</c>.</summary>
/// <param name="Status">The worst of the services: <c>healthy</c>, <c>degraded</c> or <c>unhealthy</c>.</param>
/// <param name="UptimeSeconds">Of the process that answers.</param>
/// <param name="Services">By name: <c>database</c>, <c>ai</c>, <c>cache</c>, <c>rate-limiter</c> and others.</param>
public sealed record ServicesHealth(
    string Status,
    DateTimeOffset Timestamp,
    double UptimeSeconds,
    IReadOnlyDictionary<string, ServiceState> Services);

/// <summary>One service; everybody gets the status, admins the rest.</summary>
/// <param name="Description">What is wrong, or how it works now.</param>
/// <param name="Figures">What the check measured.</param>
public sealed record ServiceState(
    string Status,
    string? Description = null,
    double? DurationMs = null,
    IReadOnlyDictionary<string, object>? Figures = null);

/// <summary>Answer of <c>GET /admin/cache/stats</c>: the answers that the process keeps. Counts are since its start.</summary>
/// <param name="Status"><c>success</c>.</param>
/// <param name="Scope">The tenant whose answers are counted; <c>all</c> for the platform operator.</param>
/// <param name="Shared">Questions that waited for the answer to an equal one.</param>
/// <param name="HitRate">Hits among all questions, 0 to 1.</param>
/// <param name="Bytes">About how many the entries take.</param>
/// <param name="MaxEntries">For all tenants together.</param>
/// <param name="MaxBytes">For all tenants together.</param>
/// <param name="SecondLevel">What the replicas share; null where they share nothing.</param>
public sealed record CacheStats(
    string Status,
    DateTimeOffset Timestamp,
    string Scope,
    long Hits,
    long Misses,
    long Shared,
    double HitRate,
    int Entries,
    long Bytes,
    int MaxEntries,
    long MaxBytes,
    SecondLevelStats? SecondLevel = null);

/// <summary>Answers that all replicas share, for all tenants, as this process asked for them.</summary>
/// <param name="Backend">Such as <c>redis</c>.</param>
public sealed record SecondLevelStats(string Backend, long Hits, long Misses);

/// <summary>Answer of <c>GET /admin/cache/health</c>.</summary>
/// <param name="Status"><c>healthy</c>, or <c>degraded</c> while a cache that is configured is away.</param>
public sealed record CacheHealthReport(string Status, DateTimeOffset Timestamp, ServiceState Cache);

/// <summary>Answer of <c>POST /admin/cache/clear</c>.</summary>
/// <param name="Status"><c>success</c>, or <c>partial</c> where those that replicas share go later, as they could not be reached.</param>
/// <param name="Scope">The tenant whose answers were dropped, or <c>all</c>.</param>
/// <param name="Cleared">How many answers this process dropped.</param>
public sealed record CacheCleared(string Status, string Scope, int Cleared);

/// <summary>Answer of <c>GET /system/memory</c>. Sizes are in MiB.</summary>
/// <param name="Status"><c>normal</c>, or <c>high</c> when the machine or the container is short of memory.</param>
/// <param name="HeapMb">Objects of the managed heap, as of its last collection.</param>
/// <param name="AvailableMb">What the process may use: of the container where it has a limit, else of the machine.</param>
/// <param name="LoadPercent">How much of the machine's or container's memory is taken, by anybody.</param>
/// <param name="Collections">Garbage collections since the start, by generation.</param>
/// <param name="PausePercent">Share of the time that the process stood still for garbage collection.</param>
public sealed record MemoryFigures(
    string Status,
    DateTimeOffset Timestamp,
    double WorkingSetMb,
    double HeapMb,
    double FragmentedMb,
    double CommittedMb,
    double AvailableMb,
    double LoadPercent,
    IReadOnlyList<int> Collections,
    double PausePercent,
    int Threads,
    long QueuedWork);

/// <summary>Answer of <c>POST /system/memory/cleanup</c>. Sizes are in MiB.</summary>
/// <param name="Status"><c>success</c>.</param>
/// <param name="FreedMb">Of the managed heap.</param>
public sealed record MemoryCleaned(string Status, double FreedMb, double HeapMb, double WorkingSetMb);

/// <summary>Body of <c>POST /system/force-fallback</c>.</summary>
/// <param name="Reason">Why, for the people who look after the service; at most 200 characters.</param>
/// <param name="Minutes">How long, 1 to 1440; 15 when left out.</param>
public sealed record FallbackRequest(string? Reason = null, int? Minutes = null);

/// <summary>A degradation that somebody asked for: answers are made without the AI service.</summary>
/// <param name="Status"><c>forced</c>, or <c>none</c> when there is none.</param>
/// <param name="Scope">The tenant it is for, or <c>all</c>.</param>
/// <param name="Degradation">What answers report meanwhile.</param>
public sealed record FallbackState(
    string Status,
    string Scope,
    string? Degradation = null,
    string? Reason = null,
    DateTimeOffset? ForcedAt = null,
    DateTimeOffset? Until = null);

/// <summary>Answer of <c>GET /system/circuit-breaker-status</c>.</summary>
/// <param name="Status"><c>closed</c> when every breaker is, else <c>open</c>.</param>
/// <param name="Breakers">By what they guard: <c>ai</c> (questions to the AI service), <c>redis</c>, and
/// <c>http:…</c> for the calls to each service.</param>
/// <param name="Fallback">What was forced for everybody and for the caller's tenant.</param>
public sealed record CircuitBreakers(
    string Status,
    DateTimeOffset Timestamp,
    [property: System.Text.Json.Serialization.JsonPropertyName("circuit_breakers")]
    IReadOnlyDictionary<string, BreakerState> Breakers,
    IReadOnlyList<FallbackState> Fallback);

/// <summary>One breaker.</summary>
/// <param name="State"><c>closed</c> (calls go through), <c>open</c> (nobody calls) or <c>half-open</c> (one call tries).</param>
/// <param name="Since">Since when; null where nothing has happened yet.</param>
/// <param name="Opened">How often it opened since the start.</param>
/// <param name="Reason">Why it is open.</param>
public sealed record BreakerState(string State, DateTimeOffset? Since = null, int Opened = 0, string? Reason = null);

/// <summary>Answer of <c>GET /stats</c>.</summary>
/// <param name="Status"><c>success</c>.</param>
/// <param name="Scope">The tenant that is counted, or <c>all</c>.</param>
/// <param name="Messages">Questions that were stored with their answers.</param>
/// <param name="Messages24H">Of the last 24 hours.</param>
/// <param name="Decisions24H">Those by their decision.</param>
/// <param name="Entries">Published entries of knowledge.</param>
public sealed record ServiceStats(
    string Status,
    DateTimeOffset Timestamp,
    string Scope,
    string Version,
    double UptimeSeconds,
    int Users,
    int Conversations,
    int Messages,
    [property: System.Text.Json.Serialization.JsonPropertyName("messages_24h")] int Messages24H,
    [property: System.Text.Json.Serialization.JsonPropertyName("decisions_24h")] IReadOnlyDictionary<string, int> Decisions24H,
    int Entries,
    int Documents,
    double CacheHitRate);
