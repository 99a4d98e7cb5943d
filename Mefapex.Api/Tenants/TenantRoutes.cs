using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Mefapex.Api.Tenants;

internal static class TenantRoutes
{
    /// <summary>Finds the tenant of each request before its handler runs, and answers those that name none there is.</summary>
    public static TBuilder ForTenant<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            return await http.RequestServices.GetRequiredService<RequestTenant>().ResolveAsync(http) is { } problem
                ? problem
                : await next(context);
        });
}

/// <summary>Marks endpoints that heed the header <see cref="RequestTenant.Header"/>, so that the description names it.</summary>
internal sealed class TenantHeader
{
    public static Task DescribeAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<TenantHeader>().Any())
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = RequestTenant.Header,
                In = ParameterLocation.Header,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }

        return Task.CompletedTask;
    }
}
