using Mefapex.Ai.Http;
using Mefapex.Ai.Models;
using Mefapex.Contracts.Ai;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Ai.Languages;

internal static class LanguageEndpoints
{
    public static void MapLanguages(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/language/detect", Detect)
            .WithTags("Languages")
            .WithSummary("The language of a text, tr, en or unknown, with its probability.")
            .RequireRateLimiting(ModelsFeature.InferenceLimit)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static Results<Ok<LanguageResponse>, ProblemHttpResult> Detect(LanguageRequest request, ModelHost models)
    {
        if (TextLimits.Check(request.Text, "text") is { } problem)
            return problem;
        if (!models.Detector.TryGet(out var detector))
            return AiProblems.Unavailable(models.Detector);

        var guess = detector.Detect(request.Text!);
        return TypedResults.Ok(new LanguageResponse(guess.Language, Math.Round(guess.Confidence, 4)));
    }
}
