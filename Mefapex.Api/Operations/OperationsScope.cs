using Mefapex.Api.Tenants;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Operations;

/// <summary>Whom an operation is about: the caller's tenant; for the platform operator the one that is named, else all.</summary>
/// <param name="TenantId">Null for all.</param>
/// <param name="Name">The tenant's slug, or <see cref="All"/>.</param>
internal sealed record OperationsScope(Guid? TenantId, string Name)
{
    public const string All = "all";

    public static async Task<(OperationsScope Scope, ProblemHttpResult? Problem)> OfAsync(RequestTenant tenant, HttpContext http)
    {
        var (id, problem) = await tenant.ResolveOrAllAsync(http);
        return (new(id, id is null ? All : tenant.Scope.Slug), problem);
    }
}
