namespace Mefapex.Contracts.Health;

/// <summary>Answer of the API's <c>GET /health</c>: 200, or 503 when <c>Status</c> is <c>unhealthy</c>.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c> or <c>unhealthy</c>.</param>
/// <param name="Database">The same words, for PostgreSQL alone.</param>
public sealed record ServiceHealth(string Status, string Version, string Database, DateTimeOffset Timestamp);
