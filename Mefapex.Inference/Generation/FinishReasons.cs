using Microsoft.Extensions.AI;

namespace Mefapex.Inference.Generation;

/// <summary>Why answers end, beside <see cref="ChatFinishReason.Stop"/> (end token or stop word) and
/// <see cref="ChatFinishReason.Length"/> (token limit, or the context is full).</summary>
public static class FinishReasons
{
    /// <summary><c>time_limit</c>: the time was up; what was generated until then is the answer.</summary>
    public static ChatFinishReason TimeLimit { get; } = new("time_limit");
}
