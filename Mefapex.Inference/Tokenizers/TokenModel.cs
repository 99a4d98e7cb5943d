namespace Mefapex.Inference.Tokenizers;

/// <summary>Turns the pieces of a text into ids of a vocabulary.</summary>
internal abstract class TokenModel
{
    /// <summary>One more than the largest id.</summary>
    public abstract int Size { get; }

    /// <summary>The id of a whole token; null where the vocabulary has none.</summary>
    public abstract int? IdOf(string token);

    public abstract void Encode(ReadOnlySpan<char> piece, List<int> ids);

    /// <summary>The tokens of the 256 bytes, <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>; null where one is missing.</summary>
    protected static int[]? FindByteTokens(Func<string, int?> idOf)
    {
        var tokens = new int[256];
        for (var value = 0; value < tokens.Length; value++)
        {
            if (idOf($"<0x{value:X2}>") is not { } id)
                return null;
            tokens[value] = id;
        }

        return tokens;
    }
}
