using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Tenants;

/// <summary>Which tenant a request is for: the caller's own, else the one of the header, else the public one.</summary>
internal sealed class RequestTenant(TenantDirectory tenants, IOptions<TenantOptions> options)
{
    public const string Header = "X-Tenant";

    public async Task<(TenantScope? Tenant, ProblemHttpResult? Problem)> ResolveAsync(
        Caller? caller,
        string? asked,
        CancellationToken cancellationToken)
    {
        var slug = caller?.Tenant ?? (string.IsNullOrWhiteSpace(asked) ? options.Value.Public : asked.Trim());
        return await tenants.FindAsync(slug, cancellationToken) is { } tenant
            ? (tenant, null)
            : (null, Problems.TenantNotFound(slug));
    }
}
