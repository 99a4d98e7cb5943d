using System.Text.Json.Serialization;

namespace Mefapex.Contracts.Ai;

/// <summary>Body of <c>POST /generate</c> and <c>POST /generate/huggingface</c>.</summary>
/// <param name="Prompt">What the model is to answer; empty is refused with 400.</param>
/// <param name="MaxLength">Tokens of the answer at most.</param>
/// <param name="TurkishContext">Puts a short Turkish system message before the prompt.</param>
public sealed record GenerateRequest(string? Prompt, int MaxLength = 80, bool TurkishContext = true);

/// <summary>Answer of <c>POST /generate</c>.</summary>
/// <param name="QualityScore">Geometric mean of the probabilities that the model gave the tokens it generated, above 0
/// and at most 1; null where it generated none.</param>
/// <param name="FinishReason"><c>stop</c>: the answer is whole; <c>length</c>: it reached <c>max_length</c> or the end of
/// the context; <c>time_limit</c>: the time was up.</param>
public sealed record GenerateResponse(
    string GeneratedText,
    string ModelUsed,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? QualityScore,
    string FinishReason);

/// <summary>Answer of <c>POST /generate/huggingface</c>; the finish reason is that of <see cref="GenerateResponse"/>.</summary>
public sealed record GenerateTextResponse(string Response, string FinishReason);
