namespace Mefapex.Contracts.Ai;

/// <summary>Request headers that the AI service reads where it computes.</summary>
public static class AiHeaders
{
    /// <summary>Who asks, such as a tenant: callers take turns, however much each of them asks for. Without it every
    /// request is a caller of its own.</summary>
    public const string Caller = "X-Mefapex-Caller";

    /// <summary>How many milliseconds the caller waits for the answer. What cannot be done in time is refused early.</summary>
    public const string TimeoutMs = "X-Request-Timeout-Ms";
}
