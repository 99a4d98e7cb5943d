namespace Mefapex.Contracts.Chat;

/// <summary>The <c>type</c> of the messages of <c>/ws</c>.</summary>
public static class SocketTypes
{
    /// <summary>From the client: <c>{message, message_id?}</c>.</summary>
    public const string ChatMessage = "chat_message";

    /// <summary>From the client: the person types.</summary>
    public const string TypingStart = "typing_start";

    /// <summary>From the client: the person has stopped typing.</summary>
    public const string TypingStop = "typing_stop";

    /// <summary>From the client; answered with <see cref="SocketPong"/>.</summary>
    public const string Ping = "ping";

    /// <summary>From the client: <c>{limit?}</c>; answered with <see cref="SocketHistory"/>.</summary>
    public const string GetHistory = "get_history";

    /// <summary>From the client: deletes every conversation of the person.</summary>
    public const string ClearHistory = "clear_history";

    /// <summary>From the service: every field of <see cref="ChatAnswer"/>, and <c>timestamp</c>.</summary>
    public const string ChatResponse = "chat_response";

    /// <summary>All that a client may send.</summary>
    public static IReadOnlyList<string> FromClient { get; } =
        [ChatMessage, TypingStart, TypingStop, Ping, GetHistory, ClearHistory];
}

/// <summary>First message of a socket.</summary>
/// <param name="SessionId">The conversation that questions go to.</param>
/// <param name="UserId">Who is signed in.</param>
/// <param name="Timestamp">Now.</param>
/// <param name="Type">Always <c>connection_established</c>.</param>
public sealed record SocketOpened(
    string SessionId, string UserId, DateTimeOffset Timestamp, string Type = "connection_established");

/// <summary>A question that was asked elsewhere in the conversation of the socket; its answer follows.</summary>
/// <param name="Message">What was asked.</param>
/// <param name="MessageId">Of the exchange.</param>
/// <param name="SessionId">The conversation.</param>
/// <param name="Timestamp">Now.</param>
/// <param name="Type">Always <c>chat_message</c>.</param>
public sealed record SocketQuestion(
    string Message, string MessageId, string SessionId, DateTimeOffset Timestamp, string Type = SocketTypes.ChatMessage);

/// <summary>An answer is being made, or is not any more.</summary>
public sealed record SocketTyping(bool Typing, string Type = "bot_typing");

/// <summary>Answer to <c>ping</c>.</summary>
public sealed record SocketPong(DateTimeOffset Timestamp, string Type = "pong");

/// <summary>The newest exchanges over all conversations of the person, oldest first.</summary>
public sealed record SocketHistory(SocketHistoryData Data, string Type = "history");

/// <summary>What <see cref="SocketHistory"/> carries.</summary>
public sealed record SocketHistoryData(IReadOnlyList<HistoryMessage> Messages, int Count);

/// <summary>Every conversation of the person is deleted.</summary>
/// <param name="SessionId">The conversation that questions go to from now on.</param>
/// <param name="Message">A sentence for the person.</param>
/// <param name="Type">Always <c>history_cleared</c>.</param>
public sealed record SocketHistoryCleared(string SessionId, string Message, string Type = "history_cleared");

/// <summary>What was sent could not be done; the socket stays open.</summary>
/// <param name="Message">A sentence for the person.</param>
/// <param name="Type">Always <c>error</c>.</param>
public sealed record SocketError(string Message, string Type = "error");
