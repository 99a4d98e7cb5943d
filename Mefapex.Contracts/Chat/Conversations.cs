namespace Mefapex.Contracts.Chat;

/// <summary>A row of <c>GET /api/v1/conversations</c>; the title is the first question, shortened.</summary>
public sealed record ConversationSummary(
    string Id,
    string Title,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    int MessageCount);

/// <summary>A question and its answer as stored: a row of <c>GET /api/v1/conversations/{id}/messages</c>.</summary>
public sealed record Exchange(string Id, string Question, ChatAnswer Answer, DateTimeOffset AskedAt);

/// <summary>
/// Names of the server-sent events that <c>POST /api/v1/conversations/{id}/messages</c> answers with when the caller
/// accepts <c>text/event-stream</c>.
/// </summary>
public static class ChatEvents
{
    /// <summary>First: <see cref="ChatMeta"/>.</summary>
    public const string Meta = "meta";

    /// <summary>A piece of the text: <see cref="ChatDelta"/>; the pieces joined are the answer's <c>Response</c>.</summary>
    public const string Delta = "delta";

    /// <summary>Last: <see cref="ChatAnswer"/>, whole.</summary>
    public const string Done = "done";

    /// <summary>Instead of <c>done</c>: problem details.</summary>
    public const string Error = "error";
}

/// <summary>Opens a stream.</summary>
public sealed record ChatMeta(string SessionId, string MessageId, string Decision, string Language, string Degradation);

/// <summary>A piece of an answer's text.</summary>
public sealed record ChatDelta(string Text);
