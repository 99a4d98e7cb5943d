namespace Mefapex.Api.Tenants;

/// <summary>The tenant that a request works for; every query on tenant data starts from one.</summary>
/// <param name="Suspended">Why its people are refused; null for a tenant in use.</param>
internal sealed record TenantScope(Guid Id, string Slug, string Name, string Locale, string? Suspended = null);
