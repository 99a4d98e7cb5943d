namespace Mefapex.Contracts.Keys;

/// <summary>
/// Body of <c>POST /api/v1/admin/api-keys</c>. <c>Scopes</c> are what the key may do, such as <c>chat:ask</c>; without
/// <c>ExpiresAt</c> it is good until it is revoked. <c>Networks</c> are addresses or networks (<c>10.20.0.0/16</c>) that it
/// may be used from; without any, from everywhere.
/// </summary>
public sealed record ApiKeyRequest(
    string? Name,
    IReadOnlyList<string>? Scopes,
    DateTimeOffset? ExpiresAt = null,
    IReadOnlyList<string>? Networks = null);

/// <summary>
/// Body of <c>POST /api/v1/admin/api-keys/{id}/rotate</c>: how long the old key stays good beside the new one, 0 to 720
/// hours, 24 without a word.
/// </summary>
public sealed record ApiKeyRotation(double? OverlapHours = null);

/// <summary>
/// A key. <c>Prefix</c> is how its secret begins, <c>Status</c> one of <c>active</c>, <c>expired</c> and <c>revoked</c>,
/// <c>CreatedBy</c> a user name until that person is erased, <c>Replaces</c> the key whose place it takes.
/// <c>LastUsedAt</c> is exact to the minute. <c>Secret</c> is told once, when the key is made.
/// </summary>
public sealed record ApiKeyInfo(
    string Id,
    string Name,
    string Prefix,
    string Status,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string> Networks,
    DateTimeOffset CreatedAt,
    string CreatedBy,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt,
    DateTimeOffset? RevokedAt,
    string? Replaces = null,
    string? Secret = null);
