using System.Security.Claims;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Mefapex.Web.Accounts;

/// <summary>The signed-in person, as the pages show them.</summary>
/// <param name="Tenant">The tenant's slug; empty for a person of no tenant.</param>
public sealed record Person(string Id, string Name, string Username, string Tenant, string TenantName)
{
    private const string TenantClaim = "tenant";
    private const string TenantNameClaim = "tenant_name";
    private const string FullNameClaim = "full_name";

    public static Person Of(ClaimsPrincipal principal)
    {
        var username = principal.Identity?.Name ?? "";
        return new Person(
            principal.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? "",
            principal.FindFirst(FullNameClaim)?.Value ?? username,
            username,
            principal.FindFirst(TenantClaim)?.Value ?? "",
            principal.FindFirst(TenantNameClaim)?.Value ?? "");
    }

    public static ClaimsPrincipal PrincipalOf(UserInfo user)
    {
        List<Claim> claims = [new(ClaimTypes.NameIdentifier, user.UserId), new(ClaimTypes.Name, user.Username)];
        AddIfKnown(FullNameClaim, user.FullName);
        AddIfKnown(TenantClaim, user.Tenant);
        AddIfKnown(TenantNameClaim, user.TenantName);
        claims.AddRange(user.Roles.Select(role => new Claim(ClaimTypes.Role, role)));
        return new ClaimsPrincipal(new ClaimsIdentity(claims, CookieAuthenticationDefaults.AuthenticationScheme));

        void AddIfKnown(string type, string? value)
        {
            if (!string.IsNullOrWhiteSpace(value))
                claims.Add(new Claim(type, value));
        }
    }
}
