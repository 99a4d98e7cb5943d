using Mefapex.Ai.Embedding;
using Mefapex.Ai.Http;
using Mefapex.Ai.Models;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.TextEmbeddings;

/// <summary>The interface of Hugging Face's text-embeddings-inference, as far as sentence encoders need it
/// (https://huggingface.github.io/text-embeddings-inference/).</summary>
internal static class TextEmbeddingsEndpoints
{
    public static void MapTextEmbeddings(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Text Embeddings Inference")
            .WithErrorsOf(Dialect.TextEmbeddings)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapPost("/embed", EmbedAsync)
            .WithSummary("One text or several to vectors of unit length.")
            .WithRequestExample("""{"inputs": ["Yıllık izin nasıl alınır?", "How do I request leave?"], "truncate": true}""")
            .WithMetadata(new RequestSizeLimitAttribute(EmbeddingEndpoints.MaxBatchBytes))
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        group.MapGet("/info", InfoAsync).WithSummary("The encoder and its limits.");
    }

    private static async Task<Results<Ok<float[][]>, ProblemHttpResult>> EmbedAsync(
        EmbedRequest request,
        IEmbeddingGenerator<string, Embedding<float>> generator,
        ModelSlot<ITextEncoder> slot,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        if (!request.Normalize)
            return AiProblems.Invalid("normalize", "normalize is false; vectors of this service always have unit length.");
        TextRole? role = request.PromptName switch
        {
            null or "query" => TextRole.Query,
            "passage" or "document" => TextRole.Passage,
            _ => null,
        };
        if (role is null)
            return AiProblems.Invalid("prompt_name", $"prompt_name is '{request.PromptName}'; query and passage are known.");
        if (!TextsOf.TryRead(request.Inputs, "inputs", out var texts, out var problem))
            return problem;
        if (!request.Truncate && await FindTruncatedAsync(texts, role.Value, slot, cancellationToken) is { } tooLong)
            return tooLong;

        var embeddings = await generator.GenerateAsync(texts, context.Request.ToEmbeddingCall(role.Value), cancellationToken);
        return TypedResults.Ok(embeddings.Select(BatchingEmbeddingGenerator.ValuesOf).ToArray());
    }

    private static async Task<Ok<EmbedInfo>> InfoAsync(
        ModelSlot<ITextEncoder> slot, IOptions<ModelOptions> options, ServiceIdentity service, CancellationToken cancellationToken)
    {
        using var lease = await slot.AcquireAsync(cancellationToken);
        var encoder = lease.Model;
        return TypedResults.Ok(new EmbedInfo(
            encoder.Manifest.Name,
            encoder.Manifest.Sha256,
            "float32",
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["embedding"] = new Dictionary<string, object>(StringComparer.Ordinal) { ["pooling"] = "mean" },
            },
            options.Value.MaxQueuedTexts,
            encoder.MaxTokens,
            options.Value.TokensPerRun,
            EmbeddingEndpoints.MaxBatch,
            service.Version));
    }

    /// <summary>Few texts are long enough to be looked at, so tokenising them twice costs nothing that counts.</summary>
    private static async Task<ProblemHttpResult?> FindTruncatedAsync(
        IReadOnlyList<string> texts, TextRole role, ModelSlot<ITextEncoder> slot, CancellationToken cancellationToken)
    {
        using var lease = await slot.AcquireAsync(cancellationToken);
        var encoder = lease.Model;
        for (var i = 0; i < texts.Count; i++)
        {
            if (texts[i].Length >= encoder.MaxTokens && encoder.Tokenize(texts[i], role).Truncated)
                return AiProblems.TooManyTokens($"inputs[{i}]", encoder.MaxTokens);
        }

        return null;
    }
}
