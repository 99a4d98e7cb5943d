namespace Mefapex.Inference.Generation;

/// <summary>Limits of an <see cref="OnnxChatClient"/>.</summary>
public sealed record OnnxChatClientOptions
{
    /// <summary>Name of the model in answers; null for the folder's name.</summary>
    public string? Name { get; init; }

    /// <summary>Threads that one answer may use inside the runtime; 0 leaves it to genai_config.json.</summary>
    public int IntraOpThreads { get; init; }

    /// <summary>Answers generated at once, at least 1. Each has its own key-value cache.</summary>
    public int MaxConcurrent { get; init; } = 1;

    /// <summary>Requests that may wait for a slot; the next one is refused at once.</summary>
    public int MaxQueued { get; init; } = 8;

    /// <summary>How long a request waits for a slot before it is refused.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an answer may take, the reading of the prompt included and the wait for a slot not. What
    /// there is by then is the answer.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Tokens of an answer where the request says nothing.</summary>
    public int DefaultMaxTokens { get; init; } = 256;
}
