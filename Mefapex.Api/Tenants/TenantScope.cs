namespace Mefapex.Api.Tenants;

/// <summary>The tenant that a request works for; every query on tenant data starts from one.</summary>
internal sealed record TenantScope(Guid Id, string Slug, string Name, string Locale);
