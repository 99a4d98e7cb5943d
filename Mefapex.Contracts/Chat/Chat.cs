using System.Text.Json.Serialization;

namespace Mefapex.Contracts.Chat;

/// <summary>Body of every chat path: 1 to 1000 characters after trimming.</summary>
/// <param name="Message">The question.</param>
/// <param name="SessionId">The conversation to continue; a new one is opened when it is missing.</param>
/// <param name="MessageId">Made by the caller for this question: asked again under the same id it is answered with what
/// was stored, and stored once.</param>
public sealed record ChatRequest(string? Message, string? SessionId = null, Guid? MessageId = null);

/// <summary>An answer, with what it rests on.</summary>
public sealed record ChatAnswer
{
    /// <summary>The text shown to the person, Markdown.</summary>
    public required string Response { get; init; }

    /// <summary>Where the text comes from, in the words of the old contract: <c>knowledge</c> (an approved entry, or a question
    /// back between two), <c>documents</c> (passages with citations), <c>smalltalk</c> or <c>none</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The conversation the exchange was stored in; null where nothing is stored (anonymous chat).</summary>
    public string? SessionId { get; init; }

    /// <summary>The stored exchange; null where nothing is stored.</summary>
    public string? MessageId { get; init; }

    /// <summary>One of <see cref="Chat.Decision"/>.</summary>
    public required string Decision { get; init; }

    /// <summary>Knowledge entries and documents behind the answer, best first; nearest topics when declined.</summary>
    public required IReadOnlyList<AnswerSource> Sources { get; init; }

    /// <summary>What the text's marks <c>[1]</c>, <c>[2]</c> … point at, in that order; empty for an approved answer.</summary>
    public IReadOnlyList<Citation> Citations { get; init; } = [];

    /// <summary>The question as it was understood from the conversation; null when it was taken as it stands.</summary>
    public string? Understood { get; init; }

    /// <summary>Calibrated probability, 0 to 1, that the first source answers the question.</summary>
    public required double Confidence { get; init; }

    /// <summary>Language of the answer, ISO 639-1.</summary>
    public required string Language { get; init; }

    /// <summary>One of <see cref="Chat.Degradation"/>.</summary>
    public required string Degradation { get; init; }

    /// <summary>Whether the answer cache served it.</summary>
    public bool Cached { get; init; }

    /// <summary>Server-side time from request to answer, in milliseconds.</summary>
    [JsonPropertyName("response_time_ms")]
    public double ResponseTimeMs { get; init; }
}

/// <summary>Something an answer rests on.</summary>
/// <param name="Id">The knowledge entry's or document's id.</param>
/// <param name="Title">Its title in the answer's language where there is one.</param>
/// <param name="Kind"><c>entry</c> or <c>document</c>.</param>
/// <param name="Score">Calibrated probability, 0 to 1.</param>
/// <param name="Category">The category it is filed under.</param>
/// <param name="Owner">The department that answers for it.</param>
/// <param name="ValidFrom">The first day it holds.</param>
public sealed record AnswerSource(
    string Id,
    string Title,
    string Kind,
    double Score,
    string? Category = null,
    string? Owner = null,
    DateOnly? ValidFrom = null);

/// <summary>A place in a document that a sentence of an answer rests on.</summary>
/// <param name="Number">The mark in the text, from 1.</param>
/// <param name="DocumentId">The document.</param>
/// <param name="Title">Its title.</param>
/// <param name="Version">Its version, from 1.</param>
/// <param name="Page">From 1; null where the format has no pages.</param>
/// <param name="Heading">The headings above the place, outermost first; null where there are none.</param>
/// <param name="Start">First character in the version's text, UTF-16.</param>
/// <param name="End">Behind the last character.</param>
/// <param name="Quote">The text of the span.</param>
public sealed record Citation(
    int Number,
    string DocumentId,
    string Title,
    int Version,
    int? Page,
    string? Heading,
    int Start,
    int End,
    string Quote);

/// <summary>What was decided about a question.</summary>
public static class Decision
{
    /// <summary>An approved answer was given, or one composed of passages with citations.</summary>
    public const string Answer = "answer";

    /// <summary>Two topics are close: the person is asked which is meant.</summary>
    public const string Clarify = "clarify";

    /// <summary>Nothing known answers the question.</summary>
    public const string Decline = "decline";

    /// <summary>A greeting, thanks or a question about the assistant.</summary>
    public const string Smalltalk = "smalltalk";

    /// <summary>A person must take over at once.</summary>
    public const string Escalate = "escalate";
}

/// <summary>How much of the answer pipeline was available, best first.</summary>
public static class Degradation
{
    /// <summary>Everything that is configured answered.</summary>
    public const string Full = "full";

    /// <summary>No generator: approved answers and passages only.</summary>
    public const string NoGenerator = "no-generator";

    /// <summary>No embedding either: full text and trigrams only.</summary>
    public const string Lexical = "lexical";

    /// <summary>Exact and keyword matches of approved answers only.</summary>
    public const string ApprovedOnly = "approved-only";

    /// <summary>Nothing could be looked up: the person is asked to try again.</summary>
    public const string TryLater = "try-later";
}
