using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Mefapex.Api.Limits;

internal static class IdempotencyRoutes
{
    /// <summary>
    /// Lets callers repeat a request safely by an <c>Idempotency-Key</c>. For whatever creates something; not for uploads, which
    /// are streamed and known by their content, nor for questions, which carry an id of their own.
    /// </summary>
    public static TBuilder TakesIdempotencyKey<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithMetadata(new IdempotencyMetadata());
}

/// <summary>Marks endpoints that heed the header, so that the description names it.</summary>
internal sealed class IdempotencyMetadata
{
    public static Task DescribeAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IdempotencyMetadata>().Any())
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = IdempotencyMiddleware.Header,
                In = ParameterLocation.Header,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = IdempotentRequest.MaxKeyLength },
            });
        }

        return Task.CompletedTask;
    }
}
