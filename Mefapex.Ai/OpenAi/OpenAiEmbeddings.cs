using System.Runtime.InteropServices;
using System.Text.Json;
using Mefapex.Ai.Http;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.AI;

namespace Mefapex.Ai.OpenAi;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal static class OpenAiEmbeddings
{
    public static async Task<Results<Ok<OpenAiEmbeddingResponse>, ProblemHttpResult>> EmbedAsync(
        OpenAiEmbeddingRequest request,
        IEmbeddingGenerator<string, Embedding<float>> generator,
        ModelSlot<ITextEncoder> slot,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        if (request.EncodingFormat is not (null or "float" or "base64"))
            return AiProblems.Invalid("encoding_format", $"encoding_format is '{request.EncodingFormat}'; float and base64 are known.");
        if (!TextsOf.TryRead(request.Input, "input", out var texts, out var problem))
            return problem;
        using (var lease = await slot.AcquireAsync(cancellationToken))
        {
            if (Refuse(request, lease.Model) is { } refusal)
                return refusal;
        }

        var embeddings = await generator.GenerateAsync(texts, context.Request.ToEmbeddingCall(), cancellationToken);
        var base64 = string.Equals(request.EncodingFormat, "base64", StringComparison.Ordinal);
        var tokens = embeddings.Usage?.InputTokenCount ?? 0;
        return TypedResults.Ok(new OpenAiEmbeddingResponse(
            "list",
            [.. embeddings.Select((embedding, index) => new OpenAiEmbedding(
                "embedding", index, Write(BatchingEmbeddingGenerator.ValuesOf(embedding), base64)))],
            BatchingEmbeddingGenerator.ManifestOf(embeddings).Name,
            new OpenAiEmbeddingUsage(tokens, tokens)));
    }

    private static ProblemHttpResult? Refuse(OpenAiEmbeddingRequest request, ITextEncoder encoder)
    {
        if (request.Model is { Length: > 0 } model && !string.Equals(model, encoder.Manifest.Name, StringComparison.Ordinal))
            return AiProblems.UnknownModel(model, encoder.Manifest.Name);
        return request.Dimensions is { } dimensions && dimensions != encoder.Dimensions
            ? AiProblems.Invalid(
                "dimensions", $"Vectors of {dimensions} values were asked for; {encoder.Manifest.Name} makes {encoder.Dimensions}.")
            : null;
    }

    private static JsonElement Write(float[] vector, bool base64) => base64
        ? JsonSerializer.SerializeToElement(Convert.ToBase64String(MemoryMarshal.AsBytes<float>(vector)))
        : JsonSerializer.SerializeToElement(vector);
}
