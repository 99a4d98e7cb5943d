using Microsoft.AspNetCore.Authorization;

namespace Mefapex.Api.Accounts;

/// <summary>How endpoints name what they need of <see cref="Policies"/>.</summary>
internal static class PermissionRoutes
{
    /// <summary>GET and HEAD need the area's permission to read, everything else the one to change.</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder endpoints, Area area)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.Guard(endpoint => OnlyReads(endpoint) ? area.Read : area.Write);

    /// <summary>Needs this permission, whatever the group around it says.</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder endpoints, Permission permission)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.Guard(_ => permission);

    /// <summary>Whether this person or key has the permission.</summary>
    public static bool May(this Caller caller, Permission permission) => caller.Key is { } key
        ? key.Scopes.Contains(permission.Name, StringComparer.Ordinal)
        : caller.Roles.Any(role => permission.Roles.Contains(role, StringComparer.Ordinal));

    public static void AddPolicies(this IServiceCollection services)
    {
        var authorization = services.AddAuthorizationBuilder();
        foreach (var permission in Policies.All)
            authorization.AddPolicy(permission.Name, policy => policy.AddRequirements(permission));

        // What is not mapped has its own answer (404, 405); what is mapped and says nothing lets nobody in.
        authorization.SetFallbackPolicy(new AuthorizationPolicyBuilder()
            .RequireAssertion(context => context.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint)
            .Build());
        services.AddSingleton<IAuthorizationHandler, PermissionCheck>();
    }

    private static TBuilder Guard<TBuilder>(this TBuilder endpoints, Func<EndpointBuilder, Permission> permission)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(endpoint =>
        {
            foreach (var outer in endpoint.Metadata.OfType<PermissionAttribute>().ToList())
                endpoint.Metadata.Remove(outer);
            endpoint.Metadata.Add(new PermissionAttribute(permission(endpoint)));
        });
        return endpoints;
    }

    private static bool OnlyReads(EndpointBuilder endpoint) =>
        endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault()?.HttpMethods is { Count: > 0 } methods
        && methods.All(method => HttpMethods.IsGet(method) || HttpMethods.IsHead(method));

    private sealed class PermissionCheck : AuthorizationHandler<Permission>
    {
        protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, Permission requirement)
        {
            if (Caller.From(context.User)?.May(requirement) is true)
                context.Succeed(requirement);
            return Task.CompletedTask;
        }
    }
}

/// <summary>Says which permission an endpoint needs.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PermissionAttribute(Permission permission) : AuthorizeAttribute(permission.Name)
{
    public Permission Permission => permission;
}
