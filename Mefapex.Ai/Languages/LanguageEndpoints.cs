using Mefapex.Ai.Http;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Languages;
using Mefapex.Inference.Serving;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Ai.Languages;

internal static class LanguageEndpoints
{
    public static void MapLanguages(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/language/detect", DetectAsync)
            .WithTags("Languages")
            .WithSummary("The language of a text (tr, en, de, fr, es, it, nl, ru, ar or unknown) with its probability.")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<LanguageResponse>, ProblemHttpResult>> DetectAsync(
        LanguageRequest request, ModelSlot<LanguageDetector> detector, CancellationToken cancellationToken)
    {
        if (TextLimits.Check(request.Text, "text") is { } problem)
            return problem;

        using var lease = await detector.AcquireAsync(cancellationToken);
        var guess = lease.Model.Detect(request.Text!);
        return TypedResults.Ok(new LanguageResponse(guess.Language, Math.Round(guess.Confidence, 4)));
    }
}
