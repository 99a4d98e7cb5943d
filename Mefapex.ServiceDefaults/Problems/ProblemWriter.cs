using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// Writes every problem as <c>application/problem+json</c>, whatever the caller accepts, with what is missing filled
/// in: a stable type, a title and a sentence in the language of the request, trace and correlation id.
/// </summary>
internal sealed class ProblemWriter(IOptions<JsonOptions> json, IOptions<ProblemDetailsOptions> options) : IProblemDetailsWriter
{
    private const string ContentType = "application/problem+json";

    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var response = context.HttpContext.Response;
        var problem = context.ProblemDetails;
        Complete(problem, context.HttpContext);
        options.Value.CustomizeProblemDetails?.Invoke(context);
        if (problem.Status is { } status)
            response.StatusCode = status;
        await response.WriteAsJsonAsync(
            problem, problem.GetType(), json.Value.SerializerOptions, ContentType, context.HttpContext.RequestAborted);
    }

    private static void Complete(ProblemDetails problem, HttpContext context)
    {
        var status = problem.Status ??= context.Response.StatusCode;
        if (problem.Type?.StartsWith(ProblemTypes.Prefix, StringComparison.Ordinal) != true)
        {
            problem.Type = ProblemTypes.Of(status);
            problem.Title = null;
        }

        if (problem.Title is null || problem.Title == ReasonPhrases.GetReasonPhrase(status))
            problem.Title = ProblemTexts.TitleOf(problem.Type) ?? ProblemTexts.TitleOf(ProblemTypes.Of(status));
        problem.Detail ??= ProblemTexts.DetailOf(problem.Type, context.Request.Method, context.Request.Path.Value, status);
        problem.Instance ??= context.Request.Path;
        problem.Extensions["trace_id"] = Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;
        problem.Extensions["correlation_id"] = Correlation.Current ?? context.TraceIdentifier;
    }
}
