using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts.Administration;

/// <summary>The table of who may do what, as data.</summary>
internal static class RoleEndpoints
{
    public static void MapRoles(this RouteGroupBuilder admin) => admin.MapGet("/roles", List);

    private static Ok<Page<RoleInfo>> List(Caller caller)
    {
        var grantable = Policies.GrantableBy(caller.Roles);
        return TypedResults.Ok(new Page<RoleInfo>(
            [
                .. Policies.TenantRoles.Append(Roles.Operator).Select(role => new RoleInfo(
                    role,
                    [.. Policies.All.Where(p => p.Roles.Contains(role, StringComparer.Ordinal)).Select(p => p.Name)],
                    grantable.Contains(role, StringComparer.Ordinal))),
            ],
            Next: null));
    }
}
