namespace Mefapex.Api.Ai;

/// <summary>Section <c>Ai</c>: how the API uses the AI service.</summary>
internal sealed class AiOptions
{
    public const string Section = "Ai";

    /// <summary>Off means lexical answers only (also <c>AI_SERVICE_ENABLED</c>).</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whether this process may embed questions with the bundled encoder while the AI service is away.</summary>
    public bool InProcess { get; init; } = true;

    /// <summary>What one question may wait for its vector.</summary>
    public TimeSpan QuestionTimeout { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>What one answer may wait for the language model.</summary>
    public TimeSpan GenerationTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What a batch of texts may take while the index is built.</summary>
    public TimeSpan BatchTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a service that is down is looked for.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(2);
}
