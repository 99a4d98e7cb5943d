namespace Mefapex.Contracts.Accounts;

/// <summary>
/// Body of <c>POST /login</c>, <c>POST /api/auth/login</c> and <c>POST /api/v1/sign-in</c>. <c>Code</c> is of the account's
/// authenticator app or one of its recovery codes; where it is missing and needed the answer is the problem
/// <c>second-factor-required</c>, whose <c>challenge</c> <c>POST /api/v1/sign-in/second-factor</c> takes.
/// </summary>
public sealed record LoginRequest(string? Username, string? Password, string? Code = null);

/// <summary>Body of <c>POST /api/v1/sign-in/second-factor</c>, within five minutes after the password.</summary>
public sealed record SecondFactorSignIn(string? Challenge, string? Code);

/// <summary>
/// Answer of <c>POST /login</c>; <c>TokenType</c> is always <c>bearer</c>, <c>ExpiresIn</c> is in seconds.
/// <c>RefreshToken</c> is good for one use at <c>POST /api/auth/refresh</c>.
/// </summary>
public sealed record LoginResponse(
    string AccessToken,
    string TokenType,
    int ExpiresIn,
    UserInfo UserInfo,
    string? RefreshToken = null);

/// <summary>Answer of <c>POST /api/auth/login</c>, whose tokens are in cookies.</summary>
public sealed record CookieLoginResponse(bool Success, string Message, UserInfo UserInfo);

/// <summary>Body of <c>POST /api/auth/refresh</c> and of signing out, for those who keep no cookies.</summary>
public sealed record RefreshRequest(string? RefreshToken);

/// <summary>Answer of signing out and of other account calls that have nothing to hand back.</summary>
public sealed record AccountMessage(bool Success, string Message);

/// <summary>The signed-in person. <c>Tenant</c> is the tenant's slug (<c>fabrika</c>), <c>TenantName</c> its display name.</summary>
public sealed record UserInfo(
    string Username,
    string UserId,
    string? FullName,
    string? Email,
    string? Tenant,
    string? TenantName,
    IReadOnlyList<string> Roles);
