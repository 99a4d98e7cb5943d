namespace Mefapex.Contracts.Ai;

/// <summary>Body of <c>POST /embedding</c>.</summary>
/// <param name="Text">The text to embed; empty is refused with 400.</param>
/// <param name="ForceTurkish">Skips language detection and reports <c>tr</c>.</param>
public sealed record EmbeddingRequest(string? Text, bool ForceTurkish = false);

/// <summary>Answer of <c>POST /embedding</c>: a vector of unit length.</summary>
public sealed record EmbeddingResponse(float[] Embedding, string ModelUsed, string LanguageDetected);

/// <summary>Body of <c>POST /v1/embeddings/batch</c>: at most 256 texts.</summary>
public sealed record EmbeddingBatchRequest(IReadOnlyList<string> Texts);

/// <summary>Vectors in the order of the texts, all of <c>Dimensions</c> values and unit length.</summary>
/// <param name="ModelHash">sha256 of the model file, lower-case hex: vectors of different hashes must not be compared.</param>
/// <param name="Tokens">Of all texts, as the model's own tokenizer counts them.</param>
public sealed record EmbeddingBatchResponse(
    IReadOnlyList<float[]> Embeddings,
    string Model,
    string ModelHash,
    int Dimensions,
    long Tokens = 0);

/// <summary>Body of <c>POST /language/detect</c>.</summary>
public sealed record LanguageRequest(string? Text);

/// <summary>ISO 639-1 code or <c>unknown</c>, with a probability of 0 to 1.</summary>
public sealed record LanguageResponse(string Language, double Confidence);
