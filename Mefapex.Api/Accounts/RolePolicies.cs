using Mefapex.Contracts.Accounts;

namespace Mefapex.Api.Accounts;

/// <summary>Who may do what, as rules of route groups.</summary>
internal static class RolePolicies
{
    /// <summary>Those who keep a tenant's knowledge.</summary>
    public static TBuilder RequireEditor<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.RequireRole(Roles.Editor, Roles.Admin, Roles.Owner, Roles.Operator));

    /// <summary>Those who administer a tenant.</summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.RequireRole(Roles.Admin, Roles.Owner, Roles.Operator));
}
