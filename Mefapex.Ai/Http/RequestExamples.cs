using System.Text.Json.Nodes;

namespace Mefapex.Ai.Http;

internal static class RequestExamples
{
    /// <summary>Shows a request body in the API's documentation, ready to be tried.</summary>
    public static RouteHandlerBuilder WithRequestExample(this RouteHandlerBuilder endpoint, string json) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            foreach (var content in operation.RequestBody?.Content?.Values ?? [])
                content.Example = JsonNode.Parse(json);
            return Task.CompletedTask;
        });
}
