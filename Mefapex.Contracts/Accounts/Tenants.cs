namespace Mefapex.Contracts.Accounts;

/// <summary>
/// A tenant as the platform operator sees it. <c>Hosts</c> are the host names that lead to it; while <c>SuspendedAt</c> is
/// set its people are refused, with <c>SuspensionReason</c>.
/// </summary>
public sealed record TenantRecord(
    string Id,
    string Slug,
    string Name,
    string Locale,
    string Registration,
    IReadOnlyList<string> Hosts,
    DateTimeOffset? SuspendedAt,
    string? SuspensionReason,
    int Users);

/// <summary>
/// Body of <c>POST /api/v1/admin/tenants</c>. <c>Locale</c> is <c>tr</c> unless said, <c>Registration</c>
/// <c>invitation</c>; an invitation as owner is mailed to <c>OwnerEmail</c>.
/// </summary>
public sealed record TenantCreation(
    string? Slug,
    string? Name,
    string? OwnerEmail,
    string? Locale = null,
    string? Registration = null,
    IReadOnlyList<string>? Hosts = null);

/// <summary>A new tenant with the invitation of its first owner, whose token is told here and in the mail alone.</summary>
public sealed record TenantCreated(TenantRecord Tenant, InvitationInfo Invitation);

/// <summary>
/// Body of <c>PATCH /api/v1/admin/tenants/{id}</c>; what is left out stays. <c>Suspended</c> needs a <c>Reason</c>, which its
/// people are told.
/// </summary>
public sealed record TenantChange(
    string? Name = null,
    string? Locale = null,
    IReadOnlyList<string>? Hosts = null,
    bool? Suspended = null,
    string? Reason = null);
