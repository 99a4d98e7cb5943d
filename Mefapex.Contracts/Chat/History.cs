namespace Mefapex.Contracts.Chat;

/// <summary>Answer of <c>GET /api/chat/history</c>.</summary>
/// <param name="SessionId">The conversation asked in last; missing when there is none.</param>
/// <param name="Messages">The newest exchanges over all conversations of the caller, oldest first.</param>
/// <param name="TotalCount">How many exchanges the caller has in all.</param>
public sealed record ChatHistory(string? SessionId, IReadOnlyList<HistoryMessage> Messages, int TotalCount);

/// <summary>A question and its answer in the words of the old contract.</summary>
public sealed record HistoryMessage(
    string MessageId,
    string SessionId,
    string UserId,
    string UserMessage,
    string BotResponse,
    string Source,
    DateTimeOffset Timestamp,
    HistoryMetadata Metadata);

/// <summary>What else is known about an answer; the fields of <see cref="ChatAnswer"/> of the same names.</summary>
public sealed record HistoryMetadata(
    string Decision,
    double Confidence,
    string Language,
    string Degradation,
    IReadOnlyList<AnswerSource> Sources);

/// <summary>A sentence for the person, where the old contract answers with nothing else.</summary>
public sealed record Message([property: System.Text.Json.Serialization.JsonPropertyName("message")] string Text);
