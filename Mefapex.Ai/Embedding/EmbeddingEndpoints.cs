using Mefapex.Ai.Http;
using Mefapex.Ai.Models;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Languages;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Mefapex.Ai.Embedding;

internal static class EmbeddingEndpoints
{
    public const int MaxBatch = 256;

    private const long MaxBatchBytes = 16 * 1024 * 1024;

    public static void MapEmbedding(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Embedding").RequireRateLimiting(ModelsFeature.InferenceLimit);
        group.MapPost("/embedding", EmbedAsync)
            .WithSummary("One text to a vector of unit length.")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapPost("/v1/embeddings/batch", EmbedBatchAsync)
            .WithSummary($"Up to {MaxBatch} texts to vectors of unit length, in their order.")
            .WithMetadata(new RequestSizeLimitAttribute(MaxBatchBytes))
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Results<Ok<EmbeddingResponse>, ProblemHttpResult>> EmbedAsync(
        EmbeddingRequest request, ModelHost models, CancellationToken cancellationToken)
    {
        if (TextLimits.Check(request.Text, "text") is { } problem)
            return problem;
        if (!models.Encoder.TryGet(out var encoder))
            return AiProblems.Unavailable(models.Encoder);

        var text = request.Text!;
        var vector = await Task.Run(() => encoder.Encode(text, cancellationToken: cancellationToken), cancellationToken);
        return TypedResults.Ok(new EmbeddingResponse(
            vector, encoder.Manifest.Name, LanguageOf(text, request.ForceTurkish, models)));
    }

    private static async Task<Results<Ok<EmbeddingBatchResponse>, ProblemHttpResult>> EmbedBatchAsync(
        EmbeddingBatchRequest request, ModelHost models, CancellationToken cancellationToken)
    {
        var texts = request.Texts ?? [];
        if (texts.Count is 0 or > MaxBatch)
            return AiProblems.BatchSize(texts.Count, MaxBatch);
        for (var i = 0; i < texts.Count; i++)
        {
            if (TextLimits.Check(texts[i], $"texts[{i}]") is { } problem)
                return problem;
        }

        if (!models.Encoder.TryGet(out var encoder))
            return AiProblems.Unavailable(models.Encoder);

        var vectors = await Task.Run(() => encoder.Encode(texts, cancellationToken: cancellationToken), cancellationToken);
        return TypedResults.Ok(new EmbeddingBatchResponse(
            vectors,
            encoder.Manifest.Name,
            encoder.Manifest.Sha256,
            encoder.Dimensions));
    }

    private static string LanguageOf(string text, bool forceTurkish, ModelHost models)
    {
        if (forceTurkish)
            return "tr";
        return models.Detector.TryGet(out var detector) ? detector.Detect(text).Language : LanguageGuess.Unknown;
    }
}
