using System.Security.Claims;
using Mefapex.Api.Accounts;
using Mefapex.Api.Tenants;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Mefapex.Api.Keys;

/// <summary>
/// What keys come to: endpoints that take them by <see cref="KeyRoutes.TakesKeys"/>, with the endpoint's permission among
/// their scopes. All else wants a person, or nobody in particular.
/// </summary>
internal sealed class KeyGate(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.User.FindFirst(TokenClaims.ApiKey) is null || context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(context);
            return;
        }

        if (!Takes(endpoint))
        {
            if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
            {
                await KeyProblems.PersonNeeded().ExecuteAsync(context);
                return;
            }

            context.User = new ClaimsPrincipal();
        }
        else if (IsElsewhere(context))
        {
            await KeyProblems.OfAnotherTenant().ExecuteAsync(context);
            return;
        }

        await next(context);
    }

    /// <summary>What a key is told that comes to an endpoint and must not.</summary>
    public static ProblemHttpResult ForbiddenFor(HttpContext context) =>
        context.GetEndpoint() is { } endpoint
        && Takes(endpoint)
        && endpoint.Metadata.GetMetadata<PermissionAttribute>() is { Permission.Name: var scope }
            ? KeyProblems.ScopeMissing(scope)
            : KeyProblems.PersonNeeded();

    private static bool Takes(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<KeyMetadata>() is not null
        && (endpoint.Metadata.GetMetadata<PermissionAttribute>() is not { } needed || KeyScopes.All.Contains(needed.Permission));

    /// <summary>Whether the request names a tenant that is not the key's.</summary>
    private static bool IsElsewhere(HttpContext context) =>
        context.Request.Headers[RequestTenant.Header].ToString().Trim() is { Length: > 0 } asked
        && context.User.FindFirst(TokenClaims.Tenant)?.Value != asked;
}

internal static class KeyRoutes
{
    /// <summary>Lets API keys in as well as people, where the endpoint's permission is among their scopes.</summary>
    public static TBuilder TakesKeys<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithMetadata(new KeyMetadata());
}

/// <summary>Marks endpoints that take API keys, so that the description says so.</summary>
internal sealed class KeyMetadata
{
    public static Task DescribeAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<KeyMetadata>().Any() && !metadata.OfType<IAllowAnonymous>().Any())
        {
            List<string> scopes = [.. metadata.OfType<PermissionAttribute>().Select(needed => needed.Permission.Name)];
            operation.Security ??= [];
            operation.Security.Add(new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(ApiKeyHandler.SchemeName, context.Document)] = scopes,
            });
        }

        return Task.CompletedTask;
    }

    public static Task DescribeAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.AddComponent(ApiKeyHandler.SchemeName, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = ShownKey.Header,
            Description = $"Also as Authorization: Bearer {KeySecret.Prefix}…",
        });
        return Task.CompletedTask;
    }
}
