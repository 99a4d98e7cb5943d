using System.Net.ServerSentEvents;
using Mefapex.Contracts.Chat;

namespace Mefapex.Api.Conversations;

/// <summary>An answer as server-sent events: <c>meta</c>, its text in pieces of a few words, <c>done</c>.</summary>
internal static class AnswerStream
{
    private const int WordsPerPiece = 4;

    public static async IAsyncEnumerable<SseItem<object>> Of(ChatAnswer answer)
    {
        yield return new(
            new ChatMeta(answer.SessionId!, answer.MessageId!, answer.Decision, answer.Language, answer.Degradation),
            ChatEvents.Meta);
        foreach (var piece in Pieces(answer.Response))
        {
            yield return new(new ChatDelta(piece), ChatEvents.Delta);
            await Task.Yield();
        }

        yield return new(answer, ChatEvents.Done);
    }

    /// <summary>The text cut after every few words, white space kept: the pieces joined are the text.</summary>
    internal static IEnumerable<string> Pieces(string text)
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
