using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Tenants;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Operations;

/// <summary>Whom an operation is about: the caller's tenant; for the platform operator the one that is named, else all.</summary>
/// <param name="TenantId">Null for all.</param>
/// <param name="Name">The tenant's slug, or <see cref="All"/>.</param>
internal sealed record OperationsScope(Guid? TenantId, string Name)
{
    public const string All = "all";

    public static async Task<(OperationsScope Scope, ProblemHttpResult? Problem)> OfAsync(
        Caller caller, RequestTenant tenant, HttpContext http)
    {
        if (caller.Tenant is null && string.IsNullOrWhiteSpace(http.Request.Headers[RequestTenant.Header]))
        {
            DataScope.Say(null);
            return (new(null, All), null);
        }

        return await tenant.ResolveAsync(http) is { } problem
            ? (new(null, All), problem)
            : (new(tenant.Id, tenant.Scope.Slug), null);
    }
}
