namespace Mefapex.Inference.Generation;

/// <summary>The prompt leaves no room for an answer.</summary>
public sealed class PromptTooLongException : Exception
{
    internal PromptTooLongException(int promptTokens, int contextLength)
        : base($"The prompt has {promptTokens} tokens; the model's context holds {contextLength}, answer included. " +
            "Shorten the prompt or the conversation, or take a model with a longer context.")
    {
        PromptTokens = promptTokens;
        ContextLength = contextLength;
    }

    /// <summary>Tokens of the prompt with all that its chat template adds.</summary>
    public int PromptTokens { get; }

    /// <summary>Tokens that the model holds, prompt and answer together.</summary>
    public int ContextLength { get; }
}

/// <summary>No prompt for this model can be made of the messages: they are empty, or its chat template refuses them (some
/// know no system message, or want user and assistant to alternate).</summary>
public sealed class PromptRefusedException : Exception
{
    internal PromptRefusedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
