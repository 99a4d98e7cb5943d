namespace Mefapex.Contracts.Accounts;

/// <summary>
/// One of a tenant's people. <c>DisabledAt</c> says since when the account is shut, <c>LastSeenAt</c> when one of its
/// sessions was renewed last, <c>Links</c> where the rest of what can be done is found.
/// </summary>
public sealed record UserRecord(
    string Id,
    string Username,
    string? Email,
    string? FullName,
    IReadOnlyList<string> Roles,
    IReadOnlyList<string> Groups,
    DateTimeOffset? DisabledAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastSeenAt,
    UserLinks Links);

/// <summary>Paths of what belongs to an account.</summary>
public sealed record UserLinks(string Sessions, string PasswordReset, string Erase);

/// <summary>
/// Body of <c>PATCH /api/v1/admin/users/{id}</c>; what is left out stays. Another role, another group and disabling end the
/// person's sessions. An empty <c>FullName</c> removes it.
/// </summary>
public sealed record UserChange(
    IReadOnlyList<string>? Roles = null,
    IReadOnlyList<string>? Groups = null,
    string? FullName = null,
    bool? Disabled = null);

/// <summary>A role with its permissions (<c>knowledge:read</c>) and whether the caller may give and take it.</summary>
public sealed record RoleInfo(string Role, IReadOnlyList<string> Permissions, bool Grantable);

/// <summary>A group with how many people are in it and how many entries and documents are kept to it.</summary>
public sealed record GroupInfo(string Name, int Members, int Entries, int Documents);

/// <summary>Body of <c>PUT /api/v1/admin/groups/{name}</c>.</summary>
public sealed record GroupRename(string? Name);
