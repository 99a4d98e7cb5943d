using System.Text.Json;

namespace Mefapex.Contracts.Ai;

/// <summary>Body of <c>POST /embed</c> in the shape of text-embeddings-inference; the answer is an array of vectors.</summary>
/// <param name="Inputs">A text or an array of texts.</param>
/// <param name="Normalize">Vectors always have unit length here, so only true is accepted.</param>
/// <param name="Truncate">Whether a text longer than the model reads is cut off instead of refused.</param>
/// <param name="PromptName"><c>query</c> or <c>passage</c> for models that tell them apart.</param>
public sealed record EmbedRequest(
    JsonElement Inputs, bool Normalize = true, bool Truncate = false, string? PromptName = null);

/// <summary>Answer of <c>GET /info</c> in the shape of text-embeddings-inference.</summary>
/// <param name="ModelSha">sha256 of the model file.</param>
/// <param name="MaxInputLength">Tokens of a text that are read.</param>
/// <param name="MaxBatchTokens">Tokens computed at once.</param>
/// <param name="MaxConcurrentRequests">Texts that may wait.</param>
/// <param name="MaxClientBatchSize">Texts in one request.</param>
public sealed record EmbedInfo(
    string ModelId,
    string? ModelSha,
    string ModelDtype,
    IReadOnlyDictionary<string, object> ModelType,
    int MaxConcurrentRequests,
    int MaxInputLength,
    int MaxBatchTokens,
    int MaxClientBatchSize,
    string Version);
