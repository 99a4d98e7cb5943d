namespace Mefapex.Contracts.Chat;

/// <summary>A row of <c>GET /api/v1/conversations</c>; the title is the first question, shortened, until it is renamed.</summary>
/// <param name="Revision">Also its ETag, in quotes; one more with each edit of title or pin.</param>
/// <param name="Matches">Where the searched words stand; null without a search.</param>
public sealed record ConversationSummary(
    string Id,
    string Title,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    int MessageCount,
    bool Pinned = false,
    int Revision = 1,
    IReadOnlyList<SearchMatch>? Matches = null);

/// <summary>Body of <c>PATCH</c> and <c>PUT /api/v1/conversations/{id}</c>: what is missing stays.</summary>
/// <param name="Title">1 to 80 characters.</param>
/// <param name="Pinned">Whether the person keeps it at hand.</param>
public sealed record ConversationEdit(string? Title = null, bool? Pinned = null);

/// <summary>A place where searched words stand.</summary>
/// <param name="Field">One of <see cref="SearchField"/>.</param>
/// <param name="Text">The surroundings of the first word found, with … where something is left out.</param>
/// <param name="Marks">The words found in it.</param>
/// <param name="MessageId">The exchange; null for the title.</param>
public sealed record SearchMatch(string Field, string Text, IReadOnlyList<TextSpan> Marks, string? MessageId);

/// <summary>A part of a text, in UTF-16 code units.</summary>
public sealed record TextSpan(int Start, int Length);

/// <summary>What was searched.</summary>
public static class SearchField
{
    /// <summary>The title of the conversation.</summary>
    public const string Title = "title";

    /// <summary>A question.</summary>
    public const string Question = "question";

    /// <summary>An answer.</summary>
    public const string Answer = "answer";
}

/// <summary>Answer of <c>GET /api/v1/conversations/{id}/export?format=json</c>; times are in the time zone.</summary>
public sealed record ExportedConversation(
    ConversationSummary Conversation,
    string TimeZone,
    DateTimeOffset ExportedAt,
    IReadOnlyList<Exchange> Exchanges);

/// <summary>A question and its answer as stored: a row of <c>GET /api/v1/conversations/{id}/messages</c>.</summary>
/// <param name="Feedback">What the person thinks of the answer; null before they said so.</param>
public sealed record Exchange(
    string Id,
    string Question,
    ChatAnswer Answer,
    DateTimeOffset AskedAt,
    AnswerFeedback? Feedback = null);

/// <summary>
/// Names of the server-sent events that <c>POST /api/v1/conversations/{id}/messages</c> answers with when the caller
/// accepts <c>text/event-stream</c>. The id of each is the message's id, a colon and its number; with the last one in the
/// header <c>Last-Event-ID</c>, <c>GET …/messages/{messageId}/events</c> sends the rest.
/// </summary>
public static class ChatEvents
{
    /// <summary>First and at once, with the ids alone, and again when it is decided: <see cref="ChatMeta"/>.</summary>
    public const string Meta = "meta";

    /// <summary>A piece of the text: <see cref="ChatDelta"/>; the pieces joined are the answer's <c>Response</c>.</summary>
    public const string Delta = "delta";

    /// <summary>A place that the text rests on: <see cref="Chat.Citation"/>.</summary>
    public const string Citation = "citation";

    /// <summary>Last: <see cref="ChatAnswer"/>, whole.</summary>
    public const string Done = "done";

    /// <summary>Instead of <c>done</c>: problem details.</summary>
    public const string Error = "error";
}

/// <summary>Opens a stream. What is not known yet is missing from the first one.</summary>
public sealed record ChatMeta(
    string SessionId,
    string MessageId,
    string? Decision = null,
    string? Language = null,
    string? Degradation = null,
    string? Understood = null);

/// <summary>A piece of an answer's text.</summary>
public sealed record ChatDelta(string Text);
