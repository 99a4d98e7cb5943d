using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace Mefapex.Ai.Http;

/// <summary>
/// Problem details that clients of other interfaces understand too: those of OpenAI's look for <c>error.message</c>, those
/// of text-embeddings-inference for <c>error</c> and <c>error_type</c>.
/// </summary>
internal static class ForeignErrors
{
    /// <summary>Extension member with the request field that an error is about; it becomes <c>error.param</c>.</summary>
    public const string Parameter = "param";

    public static void AddForeignErrors(this IServiceCollection services) =>
        services.Configure<ProblemDetailsOptions>(options => options.CustomizeProblemDetails = Translate);

    /// <summary>Errors of these endpoints get the members of a dialect.</summary>
    public static T WithErrorsOf<T>(this T endpoints, Dialect dialect)
        where T : IEndpointConventionBuilder => endpoints.WithMetadata(new DialectMetadata(dialect));

    private static void Translate(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        switch (DialectOf(context.HttpContext))
        {
            case Dialect.OpenAi:
                problem.Extensions.Remove(Parameter, out var parameter);
                problem.Extensions["error"] = new OpenAiError(
                    problem.Detail ?? problem.Title ?? "", OpenAiTypeOf(problem.Status), parameter as string, SlugOf(problem));
                break;
            case Dialect.TextEmbeddings:
                problem.Extensions["error"] = problem.Detail ?? problem.Title;
                problem.Extensions["error_type"] = TextEmbeddingsTypeOf(problem.Status);
                break;
        }
    }

    // While an exception is handled the endpoint is the handler's business; its feature still knows the first one.
    private static Dialect? DialectOf(HttpContext context)
    {
        var endpoint = context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint();
        return endpoint?.Metadata.GetMetadata<DialectMetadata>()?.Dialect;
    }

    private static string OpenAiTypeOf(int? status) => status switch
    {
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        < StatusCodes.Status500InternalServerError => "invalid_request_error",
        _ => "server_error",
    };

    private static string TextEmbeddingsTypeOf(int? status) => status switch
    {
        StatusCodes.Status429TooManyRequests => "Overloaded",
        < StatusCodes.Status500InternalServerError => "Validation",
        StatusCodes.Status503ServiceUnavailable => "Unhealthy",
        _ => "Backend",
    };

    private static string? SlugOf(ProblemDetails problem) => problem.Type?[(problem.Type.LastIndexOf(':') + 1)..];

    private sealed record DialectMetadata(Dialect Dialect);

    private sealed record OpenAiError(string Message, string Type, string? Param, string? Code);
}

/// <summary>Whose clients are spoken to.</summary>
internal enum Dialect
{
    /// <summary>OpenAI's.</summary>
    OpenAi,

    /// <summary>Those of text-embeddings-inference.</summary>
    TextEmbeddings,
}
