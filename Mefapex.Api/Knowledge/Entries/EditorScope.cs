using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Who edits which tenant's knowledge in this request.</summary>
internal sealed class EditorScope
{
    private TenantScope? _tenant;
    private Caller? _caller;

    public TenantScope Tenant => _tenant ?? throw OutsideOfGroup();

    public Caller Caller => _caller ?? throw OutsideOfGroup();

    /// <summary>The name that stands with what the editor did.</summary>
    public string Author => Caller.Username;

    public void Set(TenantScope tenant, Caller caller) => (_tenant, _caller) = (tenant, caller);

    private static InvalidOperationException OutsideOfGroup() => new($"The route group lacks {nameof(EditorRoutes.ForEditors)}.");
}

internal static class EditorRoutes
{
    /// <summary>
    /// Lets editors in and fills their <see cref="EditorScope"/>: their own tenant, or for the platform operator the one
    /// of the header. Who names a tenant that is not theirs is told that there is none, rather than given their own.
    /// </summary>
    public static RouteGroupBuilder ForEditors(this RouteGroupBuilder group) =>
        group.RequireEditor().NeedsDatabase().AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            var caller = Caller.From(http.User)!;
            var asked = http.Request.Headers[RequestTenant.Header].ToString().Trim();
            if (caller.Tenant is not null && asked.Length > 0 && asked != caller.Tenant)
                return Problems.TenantNotFound(asked);
            var (tenant, problem) = await http.RequestServices.GetRequiredService<RequestTenant>()
                .ResolveAsync(caller, asked, http.RequestAborted);
            if (tenant is null)
                return problem;
            http.RequestServices.GetRequiredService<EditorScope>().Set(tenant, caller);
            return await next(context);
        });
}
