using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Mefapex.Api.Keys;
using Mefapex.Api.Tenants;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Who edits which tenant's knowledge in this request: the parameter of handlers that <see cref="EditorRoutes"/> guards.</summary>
internal sealed class EditorScope(RequestTenant tenant, Caller caller)
{
    public TenantScope Tenant => tenant.Scope;

    public Caller Caller => caller;

    /// <summary>The name that stands with what the editor did.</summary>
    public string Author => Caller.Username;

    public static ValueTask<EditorScope?> BindAsync(HttpContext context) => ValueTask.FromResult(
        Caller.From(context.User) is { } caller
            ? new EditorScope(context.RequestServices.GetRequiredService<RequestTenant>(), caller)
            : null);
}

internal static class EditorRoutes
{
    /// <summary>Lets editors in: to their own tenant, or the platform operator to the one of the header.</summary>
    public static RouteGroupBuilder ForEditors(this RouteGroupBuilder group) =>
        group.Requires(Policies.Knowledge).TakesKeys().NeedsDatabase().ForTenant();
}
