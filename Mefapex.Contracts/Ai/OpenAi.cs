using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mefapex.Contracts.Ai;

/// <summary>Body of <c>POST /v1/embeddings</c> in OpenAI's shape.</summary>
/// <param name="Input">A text or an array of texts; token ids are refused, for they belong to another tokenizer.</param>
/// <param name="Model">The model's name as <c>/v1/models</c> lists it; empty for the one that is there.</param>
/// <param name="EncodingFormat"><c>float</c> or <c>base64</c> (little-endian 32-bit floats).</param>
/// <param name="Dimensions">Must be the model's own, if given.</param>
public sealed record OpenAiEmbeddingRequest(
    JsonElement Input, string? Model = null, string? EncodingFormat = null, int? Dimensions = null, string? User = null);

/// <summary>Answer of <c>POST /v1/embeddings</c>, in the order of the texts.</summary>
public sealed record OpenAiEmbeddingResponse(
    string Object, IReadOnlyList<OpenAiEmbedding> Data, string Model, OpenAiEmbeddingUsage Usage);

/// <summary>One vector.</summary>
/// <param name="Embedding">An array of numbers, or their bytes as base64.</param>
public sealed record OpenAiEmbedding(string Object, int Index, JsonElement Embedding);

/// <summary>Tokens as the model's own tokenizer counts them.</summary>
public sealed record OpenAiEmbeddingUsage(long PromptTokens, long TotalTokens);

/// <summary>Answer of <c>GET /v1/models</c>.</summary>
public sealed record OpenAiModels(string Object, IReadOnlyList<OpenAiModel> Data);

/// <summary>A model that can be asked.</summary>
/// <param name="Created">Seconds since 1970.</param>
public sealed record OpenAiModel(string Id, string Object, long Created, string OwnedBy);

/// <summary>Body of <c>POST /v1/chat/completions</c> in OpenAI's shape; what is not listed here is passed over, what would
/// change the answer's form (tools, several choices, forced formats) is refused.</summary>
/// <param name="MaxTokens">Older name of <see cref="MaxCompletionTokens"/>.</param>
/// <param name="Stop">A text or an array of up to four.</param>
public sealed record OpenAiChatRequest(
    IReadOnlyList<OpenAiChatMessage>? Messages,
    string? Model = null,
    int? MaxTokens = null,
    int? MaxCompletionTokens = null,
    float? Temperature = null,
    float? TopP = null,
    long? Seed = null,
    JsonElement? Stop = null,
    bool Stream = false,
    OpenAiStreamOptions? StreamOptions = null,
    int? N = null,
    JsonElement? Tools = null,
    JsonElement? ResponseFormat = null,
    string? User = null);

/// <summary>Whether the stream ends with a chunk of the token counts.</summary>
public sealed record OpenAiStreamOptions(bool IncludeUsage = false);

/// <summary>A message of a chat.</summary>
/// <param name="Role"><c>system</c>, <c>developer</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">A text, or an array of parts of type <c>text</c>.</param>
public sealed record OpenAiChatMessage(string Role, JsonElement Content);

/// <summary>Answer of <c>POST /v1/chat/completions</c>.</summary>
public sealed record OpenAiChatResponse(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<OpenAiChoice> Choices,
    OpenAiChatUsage Usage);

/// <summary>The answer's text.</summary>
/// <param name="FinishReason"><c>stop</c> or <c>length</c>.</param>
public sealed record OpenAiChoice(int Index, OpenAiAnswer Message, string FinishReason);

/// <summary>What the model said.</summary>
public sealed record OpenAiAnswer(string Role, string Content);

/// <summary>A piece of a streamed answer.</summary>
/// <param name="Usage">In the last piece, when it was asked for.</param>
public sealed record OpenAiChatChunk(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<OpenAiChunkChoice> Choices,
    OpenAiChatUsage? Usage = null);

/// <summary>What is new since the piece before.</summary>
public sealed record OpenAiChunkChoice(
    int Index,
    OpenAiDelta Delta,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FinishReason);

/// <summary>The role in the first piece, text in the others.</summary>
public sealed record OpenAiDelta(string? Role = null, string? Content = null);

/// <summary>Token counts of a chat.</summary>
public sealed record OpenAiChatUsage(long PromptTokens, long CompletionTokens, long TotalTokens);
