using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Audit;

internal static class AuditEndpoints
{
    public static void MapAuditEndpoints(this IEndpointRouteBuilder endpoints)
    {
        var audit = endpoints.MapGroup("/api/v1/admin/audit").WithTags("Audit").RequireAdmin().NeedsDatabase();
        audit.MapGet("/verify", VerifyAsync);
    }

    private static async Task<Results<Ok<AuditVerification>, ProblemHttpResult>> VerifyAsync(
        Caller caller,
        RequestTenant tenant,
        AuditChain chain,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var (tenantId, problem) = await ChainAsync(caller, tenant, http);
        return problem is null ? TypedResults.Ok(await chain.VerifyAsync(tenantId, cancellationToken)) : problem;
    }

    /// <summary>The chain of the caller's tenant; for the platform operator that of the tenant asked for, else the platform's.</summary>
    private static async Task<(Guid? TenantId, ProblemHttpResult? Problem)> ChainAsync(
        Caller caller,
        RequestTenant tenant,
        HttpContext http)
    {
        if (caller.Tenant is null && string.IsNullOrWhiteSpace(http.Request.Headers[RequestTenant.Header]))
            return (null, null);
        var problem = await tenant.ResolveAsync(http);
        return problem is null ? (tenant.Id, null) : (null, problem);
    }
}
