using System.Text.Json.Serialization;

namespace Mefapex.Contracts.Chat;

/// <summary>Body of <c>POST /chat/sessions/save</c>.</summary>
/// <param name="SessionId">The id of a conversation, or a name that the client gave it.</param>
/// <param name="Messages">What was said in it, oldest first.</param>
public sealed record SaveSession(
    [property: JsonPropertyName("sessionId")] string? SessionId,
    IReadOnlyList<SavedMessage>? Messages);

/// <summary>A question and its answer as a client tells them.</summary>
public sealed record SavedMessage(string? UserMessage, string? BotResponse, string? Source = null);

/// <summary>Answer of <c>POST /chat/sessions/save</c>.</summary>
/// <param name="Success">Always true.</param>
/// <param name="SessionId">The id of the conversation.</param>
/// <param name="MessagesSaved">How many the server did not have yet.</param>
public sealed record SessionSaved(bool Success, string SessionId, int MessagesSaved);

/// <summary>Answer of <c>GET /chat/sessions/{user_id}</c>: the newest conversations.</summary>
public sealed record SessionList(IReadOnlyList<SessionSummary> Sessions);

/// <summary>A conversation in the words of the old contract.</summary>
/// <param name="Preview">The last question, shortened.</param>
public sealed record SessionSummary(
    string SessionId,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    int MessageCount,
    string Preview,
    string Title);

/// <summary>Answer of <c>GET /chat/sessions/{session_id}/messages</c>.</summary>
public sealed record SessionMessages(string SessionId, IReadOnlyList<SessionMessage> Messages);

/// <summary>A question or an answer.</summary>
/// <param name="Type"><see cref="User"/> or <see cref="Assistant"/>.</param>
/// <param name="MessageId">The exchange that it is one half of.</param>
/// <param name="Source">Where an answer comes from.</param>
public sealed record SessionMessage(string Type, string Content, DateTimeOffset Timestamp, string MessageId, string? Source = null)
{
    /// <summary>A question.</summary>
    public const string User = "user";

    /// <summary>An answer.</summary>
    public const string Assistant = "assistant";
}
