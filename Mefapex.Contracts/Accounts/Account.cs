namespace Mefapex.Contracts.Accounts;

/// <summary>One of a person's sign-ins; <c>Current</c> is the one that asks. <c>Device</c> is what the device called itself.</summary>
public sealed record SessionInfo(
    string Id,
    string Device,
    string Address,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastUsedAt,
    DateTimeOffset ExpiresAt,
    bool Current);

/// <summary>How many sessions were ended.</summary>
public sealed record SessionsEnded(int Ended);

/// <summary>Body of <c>POST /api/v1/account/password</c>.</summary>
public sealed record PasswordChange(string? CurrentPassword, string? NewPassword);

/// <summary>Body of <c>POST /api/v1/account/password-reset</c>: a user name or an e-mail address.</summary>
public sealed record PasswordResetRequest(string? Username, string? Email = null);

/// <summary>Body of <c>POST /api/v1/account/password-reset/confirm</c>, with the token out of the mail.</summary>
public sealed record PasswordResetConfirmation(string? Token, string? NewPassword);

/// <summary>Body of <c>POST /register</c>. <c>Invitation</c> is the token of one, where the tenant wants it.</summary>
public sealed record RegisterRequest(
    string? Username,
    string? Email,
    string? Password,
    string? FullName = null,
    string? Invitation = null);

/// <summary>Answer of <c>POST /register</c>.</summary>
public sealed record RegisterResponse(string Message, string UserId, string Username);

/// <summary>Who may register at a tenant: <c>open</c>, <c>invitation</c> or <c>closed</c>.</summary>
public sealed record RegistrationSetting(string? Mode);

/// <summary>Body of <c>POST /api/v1/admin/invitations</c>; without roles the person becomes a member.</summary>
public sealed record InvitationRequest(string? Email = null, IReadOnlyList<string>? Roles = null);

/// <summary>An invitation; <c>Token</c> is told once, when it is made.</summary>
public sealed record InvitationInfo(
    string Id,
    string? Email,
    IReadOnlyList<string> Roles,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    string? Token = null);
