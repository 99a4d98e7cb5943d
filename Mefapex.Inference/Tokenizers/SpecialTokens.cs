namespace Mefapex.Inference.Tokenizers;

/// <summary>The ids that a tokenizer puts around each text.</summary>
/// <param name="HasTypes">Whether any of its tokens, or the text's, has a token type other than 0.</param>
internal sealed record SpecialTokens(int[] Before, int[] After, bool HasTypes)
{
    public static SpecialTokens None { get; } = new([], [], HasTypes: false);

    /// <summary>These around what <paramref name="inner"/> makes.</summary>
    public SpecialTokens Around(SpecialTokens inner) =>
        new([.. Before, .. inner.Before], [.. inner.After, .. After], HasTypes || inner.HasTypes);
}
