namespace Mefapex.Api.Chat;

/// <summary>A text as it is streamed.</summary>
internal static class AnswerPieces
{
    private const int WordsPerPiece = 4;

    /// <summary>The text cut after every few words, white space kept: the pieces joined are the text.</summary>
    public static IEnumerable<string> Of(string text)
    {
        var (start, words) = (0, 0);
        for (var i = 1; i < text.Length; i++)
        {
            var wordBegins = char.IsWhiteSpace(text[i - 1]) && !char.IsWhiteSpace(text[i]);
            if (!wordBegins || ++words < WordsPerPiece)
                continue;
            yield return text[start..i];
            (start, words) = (i, 0);
        }

        if (start < text.Length)
            yield return text[start..];
    }
}
