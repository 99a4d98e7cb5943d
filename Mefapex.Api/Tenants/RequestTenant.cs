using System.Reflection;
using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Tenants;

/// <summary>
/// Which tenant a request is for: the caller's own, else the one of the header, else the public one. A handler takes it
/// as a parameter; <see cref="TenantRoutes.ForTenant"/> has found it before, or the handler does so itself when something
/// else is to be checked first.
/// </summary>
internal sealed class RequestTenant(TenantDirectory tenants, IOptions<TenantOptions> options) : IEndpointParameterMetadataProvider
{
    public const string Header = "X-Tenant";

    private TenantScope? _scope;

    public TenantScope Scope => _scope
        ?? throw new InvalidOperationException($"Nobody has resolved the tenant: the route lacks {nameof(TenantRoutes.ForTenant)}.");

    public Guid Id => Scope.Id;

    /// <returns>What to answer when there is no such tenant; else null, and <see cref="Scope"/> is known.</returns>
    public async Task<ProblemHttpResult?> ResolveAsync(HttpContext http)
    {
        var asked = http.Request.Headers[Header].ToString();
        var slug = Caller.From(http.User)?.Tenant ?? (string.IsNullOrWhiteSpace(asked) ? options.Value.Public : asked.Trim());
        _scope = await tenants.FindAsync(slug, http.RequestAborted);
        if (_scope is null)
            return Problems.TenantNotFound(slug);
        if (!http.IsAcrossTenants())
            DataScope.Say(_scope.Id);
        return null;
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new TenantHeader());
}
