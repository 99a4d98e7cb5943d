namespace Mefapex.Contracts.Health;

/// <summary>Answer of <c>/health/live</c>: the process itself.</summary>
/// <param name="Status">Always <c>healthy</c> when it can be read at all.</param>
/// <param name="ResidentMb">Resident memory in MiB.</param>
public sealed record Liveness(
    string Status,
    string Service,
    string Version,
    int Pid,
    double ResidentMb,
    double UptimeSeconds);

/// <summary>Answer of <c>/health/ready</c>: 200 when the service can do its work, else 503.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c> or <c>unhealthy</c>.</param>
public sealed record Readiness(string Status, string Service, IReadOnlyList<ReadinessCheck> Checks);

/// <summary>One check of a readiness answer.</summary>
public sealed record ReadinessCheck(string Name, string Status, string? Description, double DurationMs);
