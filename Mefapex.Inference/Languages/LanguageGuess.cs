using System.Runtime.InteropServices;

namespace Mefapex.Inference.Languages;

/// <summary>A language with its probability.</summary>
/// <param name="Language">ISO 639-1 code, or <see cref="Unknown"/>.</param>
/// <param name="Confidence">0 to 1: the probability that the text is in <paramref name="Language"/>; for
/// <see cref="Unknown"/>, that it is in none of the languages known.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LanguageGuess(string Language, double Confidence)
{
    /// <summary>No language known is likely enough.</summary>
    public const string Unknown = "unknown";
}
