using Mefapex.Inference.Text;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Ai.Http;

/// <summary>What a text must be before a model sees it.</summary>
internal static class TextLimits
{
    public const int MaxCharacters = 8192;

    /// <summary>The error answer for an unacceptable text, or null.</summary>
    /// <param name="what">How the answer names the text, such as <c>text</c> or <c>texts[3]</c>.</param>
    public static ProblemHttpResult? Check(string? text, string what, int maxCharacters = MaxCharacters)
    {
        if (text?.Length > maxCharacters)
            return AiProblems.TextTooLong(what, text.Length, maxCharacters);
        return IsEmpty(text) ? AiProblems.EmptyText(what) : null;
    }

    private static bool IsEmpty(string? text)
    {
        foreach (var character in text.AsSpan())
        {
            if (char.IsAsciiLetterOrDigit(character))
                return false;
        }

        return string.IsNullOrWhiteSpace(text) || string.IsNullOrWhiteSpace(TurkishFolding.Fold(text));
    }
}
