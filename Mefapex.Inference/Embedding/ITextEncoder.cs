using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Embedding;

/// <summary>
/// A loaded model that turns texts into vectors of unit length. Both members may be called from many threads; a text's
/// vector is the same whatever else is in its batch, but for rounding.
/// </summary>
public interface ITextEncoder : IDisposable
{
    /// <summary>What is known of the model; its <see cref="ModelManifest.Sha256"/> tells which vectors may be compared.</summary>
    ModelManifest Manifest { get; }

    /// <summary>Length of each vector.</summary>
    int Dimensions { get; }

    /// <summary>The most tokens of a text that are read.</summary>
    int MaxTokens { get; }

    /// <summary>The text as the graph reads it. Text beyond the model's longest input is cut off.</summary>
    /// <exception cref="ArgumentException">Nothing is left of the text to embed.</exception>
    EncoderInput Tokenize(string text, TextRole role = TextRole.Query);

    /// <summary>Runs the graph once over inputs of this encoder, each padded to the longest of them.</summary>
    /// <returns>A vector of <see cref="Dimensions"/> values for each input, in their order.</returns>
    /// <exception cref="ModelException">The graph failed or gave what is not a number.</exception>
    float[][] Run(IReadOnlyList<EncoderInput> batch, CancellationToken cancellationToken = default);
}

/// <summary>What a text is to a retrieval model; models without prompts for the two treat both alike.</summary>
public enum TextRole
{
    /// <summary>What is searched with.</summary>
    Query,

    /// <summary>What is found.</summary>
    Passage,
}

/// <summary>A text as token or feature ids.</summary>
/// <param name="Ids">One for each token; none is padding.</param>
/// <param name="Weights">A weight for each id, where the model takes one.</param>
/// <param name="Truncated">Whether the text was longer than the model reads.</param>
public sealed record EncoderInput(long[] Ids, float[]? Weights = null, bool Truncated = false)
{
    /// <summary>Tokens; what a batch's size is counted in.</summary>
    public int Length => Ids.Length;
}
