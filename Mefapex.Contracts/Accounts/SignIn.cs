namespace Mefapex.Contracts.Accounts;

/// <summary>Body of <c>POST /login</c>.</summary>
public sealed record LoginRequest(string? Username, string? Password);

/// <summary>Answer of <c>POST /login</c>; <c>TokenType</c> is always <c>bearer</c>, <c>ExpiresIn</c> is in seconds.</summary>
public sealed record LoginResponse(string AccessToken, string TokenType, int ExpiresIn, UserInfo UserInfo);

/// <summary>The signed-in person. <c>Tenant</c> is the tenant's slug (<c>fabrika</c>), <c>TenantName</c> its display name.</summary>
public sealed record UserInfo(
    string Username,
    string UserId,
    string? FullName,
    string? Email,
    string? Tenant,
    string? TenantName,
    IReadOnlyList<string> Roles);
