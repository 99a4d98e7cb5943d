namespace Mefapex.Contracts.Accounts;

/// <summary>Answer of <c>GET /.well-known/jwks.json</c> (RFC 7517).</summary>
public sealed record PublicKeySet(IReadOnlyList<PublicKey> Keys);

/// <summary>The public half of a key of access tokens (RFC 7518, 6.2.1).</summary>
public sealed record PublicKey(string Kty, string Crv, string X, string Y, string Use, string Alg, string Kid);

/// <summary>
/// A key of access tokens. <c>State</c> is <c>coming</c>, <c>signing</c>, <c>retired</c> (its tokens still count) or
/// <c>ended</c>.
/// </summary>
public sealed record SigningKeyInfo(
    string Id,
    string State,
    DateTimeOffset CreatedAt,
    DateTimeOffset ActivatesAt,
    DateTimeOffset RetiresAt,
    DateTimeOffset EndsAt);

/// <summary>
/// Body of <c>POST /api/v1/admin/signing-keys/rotate</c>. With <c>Revoke</c> tokens of the older keys are refused from now on;
/// sessions go on, as their next renewal brings a token of the new key.
/// </summary>
public sealed record SigningKeyRotation(bool Revoke = false);
