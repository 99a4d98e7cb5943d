using System.Reflection;
using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Tenants;

/// <summary>
/// Which tenant a request is for: the caller's own, else the one of the host name, else the one of the header, else the public
/// one. The platform operator, who has none, names one by the header before all. A handler takes it as a parameter;
/// <see cref="TenantRoutes.ForTenant"/> has found it before, or the handler does so itself when something else is to be
/// checked first.
/// </summary>
internal sealed class RequestTenant(TenantDirectory tenants, IOptions<TenantOptions> options) : IEndpointParameterMetadataProvider
{
    public const string Header = "X-Tenant";

    private TenantScope? _scope;

    public TenantScope Scope => _scope
        ?? throw new InvalidOperationException($"Nobody has resolved the tenant: the route lacks {nameof(TenantRoutes.ForTenant)}.");

    public Guid Id => Scope.Id;

    /// <returns>What to answer when there is no such tenant or it is not the caller's; else null, and <see cref="Scope"/> is known.</returns>
    public async Task<ProblemHttpResult?> ResolveAsync(HttpContext http)
    {
        if (_scope is null)
        {
            var (slug, problem) = await ChooseAsync(http, Caller.From(http.User));
            if (problem is not null)
                return problem;
            if (await tenants.FindAsync(slug, http.RequestAborted) is not { } found)
                return Problems.TenantNotFound(slug);
            if (SuspensionFor(Caller.From(http.User), found) is { } suspended)
                return suspended;
            _scope = found;
        }

        if (!http.IsAcrossTenants())
            DataScope.Say(_scope.Id);
        return null;
    }

    /// <summary>As <see cref="ResolveAsync"/>; the platform operator who names no tenant means them all.</summary>
    /// <returns>The tenant's id, null for all; and what to answer instead.</returns>
    public async Task<(Guid? TenantId, ProblemHttpResult? Problem)> ResolveOrAllAsync(HttpContext http)
    {
        if (Caller.From(http.User) is { Tenant: null } && string.IsNullOrWhiteSpace(http.Request.Headers[Header]))
        {
            DataScope.Say(null);
            return (null, null);
        }

        return await ResolveAsync(http) is { } problem ? (null, problem) : (Id, null);
    }

    /// <summary>Whether somebody of this tenant may sign in where the request came to.</summary>
    public async Task<ProblemHttpResult?> RefusalAsync(Tenant tenant, HttpContext http) =>
        await OfHostAsync(http) is { } ofHost && ofHost != tenant.Slug
            ? TenantProblems.HostOfAnother(http.Request.Host.Host)
            : tenant.SuspendedAt is null ? null : TenantProblems.Suspended(tenant.Name, tenant.SuspensionReason ?? "");

    /// <summary>What anybody but the platform operator is told while the tenant is suspended.</summary>
    public static ProblemHttpResult? SuspensionFor(Caller? caller, TenantScope tenant) =>
        tenant.Suspended is { } reason && caller is not { Tenant: null } ? TenantProblems.Suspended(tenant.Name, reason) : null;

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new TenantHeader());

    private async Task<(string Slug, ProblemHttpResult? Problem)> ChooseAsync(HttpContext http, Caller? caller)
    {
        var asked = http.Request.Headers[Header].ToString().Trim() is { Length: > 0 } named ? named : null;
        var ofHost = await OfHostAsync(http);
        if (caller is { Tenant: null })
            return (asked ?? ofHost ?? options.Value.Public, null);
        if (caller?.Tenant is { } own && ofHost is not null && ofHost != own)
            return (own, TenantProblems.HostOfAnother(http.Request.Host.Host));

        // Who names a tenant that is not theirs is told that there is none, rather than given their own.
        var given = caller?.Tenant ?? ofHost;
        return given is not null && asked is not null && asked != given
            ? (asked, Problems.TenantNotFound(asked))
            : (given ?? asked ?? options.Value.Public, null);
    }

    private ValueTask<string?> OfHostAsync(HttpContext http) =>
        tenants.OfHostAsync(http.Request.Host.Host.TrimEnd('.'), http.RequestAborted);
}
