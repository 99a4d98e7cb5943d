namespace Mefapex.Inference.Tokenizers;

/// <summary>A text and the parts of it that are left to tokenise, in their order.</summary>
/// <param name="text">What the parts index.</param>
/// <param name="atStart">Whether the text is the beginning of what was given to tokenise.</param>
internal sealed class PieceList(string text, bool atStart)
{
    public string Text { get; } = text;

    public List<(int Start, int Length)> Items { get; } = [];

    /// <summary>Whether the first part is the beginning of what was given to tokenise.</summary>
    public bool FirstIsStart => atStart && Items.Count > 0 && Items[0].Start == 0;

    public static PieceList Whole(string text, bool atStart)
    {
        var pieces = new PieceList(text, atStart);
        pieces.Add(0, text.Length);
        return pieces;
    }

    public ReadOnlySpan<char> this[int index] => Text.AsSpan(Items[index].Start, Items[index].Length);

    public void Add(int start, int end)
    {
        if (end > start)
            Items.Add((start, end - start));
    }
}
