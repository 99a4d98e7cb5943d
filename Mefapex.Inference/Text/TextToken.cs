using System.Runtime.InteropServices;

namespace Mefapex.Inference.Text;

/// <summary>What a token is.</summary>
public enum TextTokenKind
{
    /// <summary>Letters, with or without digits: <c>izin</c>, <c>c#</c>, <c>.net</c>, <c>3d</c>.</summary>
    Word,

    /// <summary>Digits, with inner separators: <c>1240</c>, <c>08.30</c>, <c>7/24</c>, <c>2026-01-01</c>.</summary>
    Number,

    /// <summary>An e-mail address.</summary>
    Address,
}

/// <summary>A token's place in <see cref="FoldedText.Lower"/> and <see cref="FoldedText.Folded"/>.</summary>
/// <param name="Start">Index of the first character.</param>
/// <param name="Length">Characters in all, apostrophe and suffix included.</param>
/// <param name="StemLength">Characters before the apostrophe; equal to <paramref name="Length"/> without a suffix.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TextToken(int Start, int Length, int StemLength, TextTokenKind Kind)
{
    /// <summary>Whether an apostrophe sets off a suffix, as in <c>Portal'ın</c>.</summary>
    public bool HasSuffix => StemLength < Length;
}
