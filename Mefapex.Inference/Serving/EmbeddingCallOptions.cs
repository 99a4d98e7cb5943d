using Mefapex.Inference.Embedding;
using Microsoft.Extensions.AI;

namespace Mefapex.Inference.Serving;

/// <summary>What a caller of a served encoder may say beside its texts.</summary>
public sealed class EmbeddingCallOptions : EmbeddingGenerationOptions
{
    /// <summary>Options with their defaults.</summary>
    public EmbeddingCallOptions()
    {
    }

    private EmbeddingCallOptions(EmbeddingCallOptions other)
        : base(other)
    {
        Caller = other.Caller;
        Role = other.Role;
        Timeout = other.Timeout;
    }

    /// <summary>Who asks: callers take turns, however much each of them asks for. Null makes the call a caller of its
    /// own.</summary>
    public string? Caller { get; set; }

    /// <summary>Whether the texts search or are found.</summary>
    public TextRole Role { get; set; }

    /// <summary>How long the caller waits for the vectors; null for as long as it takes.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    public override EmbeddingGenerationOptions Clone() => new EmbeddingCallOptions(this);
}
