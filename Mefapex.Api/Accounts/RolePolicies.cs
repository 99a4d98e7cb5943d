using Mefapex.Contracts.Accounts;

namespace Mefapex.Api.Accounts;

/// <summary>Who may do what, as rules of route groups.</summary>
internal static class RolePolicies
{
    /// <summary>Those who keep a tenant's knowledge.</summary>
    public static TBuilder RequireEditor<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.RequireRole(Roles.Editor, Roles.Admin, Roles.Owner, Roles.Operator));

    /// <summary>Whether <see cref="RequireEditor"/> lets this person pass.</summary>
    public static bool IsEditor(this Caller caller) =>
        caller.Roles.Any(role => role is Roles.Editor or Roles.Admin or Roles.Owner or Roles.Operator);

    /// <summary>Those who administer a tenant.</summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.RequireRole(Roles.Admin, Roles.Owner, Roles.Operator));
}
