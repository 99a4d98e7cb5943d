using Mefapex.Ai.Http;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Languages;
using Mefapex.Inference.Serving;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;

namespace Mefapex.Ai.Embedding;

internal static class EmbeddingEndpoints
{
    public const int MaxBatch = 256;

    public const long MaxBatchBytes = 16 * 1024 * 1024;

    public static void MapEmbedding(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Embedding");
        group.MapPost("/embedding", EmbedAsync)
            .WithSummary("One text to a vector of unit length.")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
        group.MapPost("/v1/embeddings/batch", EmbedBatchAsync)
            .WithSummary($"Up to {MaxBatch} texts to vectors of unit length, in their order.")
            .WithMetadata(new RequestSizeLimitAttribute(MaxBatchBytes))
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
    }

    private static async Task<Results<Ok<EmbeddingResponse>, ProblemHttpResult>> EmbedAsync(
        EmbeddingRequest request,
        IEmbeddingGenerator<string, Embedding<float>> generator,
        ModelSlot<LanguageDetector> detector,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        if (TextLimits.Check(request.Text, "text") is { } problem)
            return problem;

        var text = request.Text!;
        var embeddings = await generator.GenerateAsync([text], context.Request.ToEmbeddingCall(), cancellationToken);
        return TypedResults.Ok(new EmbeddingResponse(
            BatchingEmbeddingGenerator.ValuesOf(embeddings[0]),
            BatchingEmbeddingGenerator.ManifestOf(embeddings).Name,
            request.ForceTurkish ? "tr" : await LanguageOfAsync(text, detector, cancellationToken)));
    }

    private static async Task<Results<Ok<EmbeddingBatchResponse>, ProblemHttpResult>> EmbedBatchAsync(
        EmbeddingBatchRequest request,
        IEmbeddingGenerator<string, Embedding<float>> generator,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var texts = request.Texts ?? [];
        if (texts.Count is 0 or > MaxBatch)
            return AiProblems.BatchSize(texts.Count, MaxBatch);
        for (var i = 0; i < texts.Count; i++)
        {
            if (TextLimits.Check(texts[i], $"texts[{i}]") is { } problem)
                return problem;
        }

        var embeddings = await generator.GenerateAsync(texts, context.Request.ToEmbeddingCall(), cancellationToken);
        var manifest = BatchingEmbeddingGenerator.ManifestOf(embeddings);
        return TypedResults.Ok(new EmbeddingBatchResponse(
            [.. embeddings.Select(BatchingEmbeddingGenerator.ValuesOf)],
            manifest.Name,
            manifest.Sha256,
            manifest.Dimensions.GetValueOrDefault(),
            embeddings.Usage?.InputTokenCount ?? 0));
    }

    /// <summary>A vector is worth having without its text's language.</summary>
    private static async ValueTask<string> LanguageOfAsync(
        string text, ModelSlot<LanguageDetector> detector, CancellationToken cancellationToken)
    {
        try
        {
            using var lease = await detector.AcquireAsync(cancellationToken);
            return lease.Model.Detect(text).Language;
        }
        catch (ModelUnavailableException)
        {
            return LanguageGuess.Unknown;
        }
    }
}
