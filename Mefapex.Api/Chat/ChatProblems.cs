using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Chat;

/// <summary>What chat and conversations report on purpose; texts in ChatProblems*.resx.</summary>
internal static class ChatProblems
{
    private static readonly ResourceManager Resources = new(typeof(ChatProblems));

    public static ProblemHttpResult MessageNotFound() => Of(StatusCodes.Status404NotFound, "message-not-found");

    public static ProblemHttpResult PersonNotFound() => Of(StatusCodes.Status404NotFound, "person-not-found");

    public static ProblemHttpResult MessageIdTaken(Guid id) => Of(StatusCodes.Status409Conflict, "message-id-taken", id);

    public static ProblemHttpResult AnswerCancelled() => Of(StatusCodes.Status409Conflict, "answer-cancelled");

    public static ProblemHttpResult AnswerFinished() => Of(StatusCodes.Status409Conflict, "answer-finished");

    public static ProblemHttpResult AnswerFailed() => Of(StatusCodes.Status500InternalServerError, "answer-failed");

    public static ProblemHttpResult LastEventIdInvalid() => Of(StatusCodes.Status400BadRequest, "last-event-id-invalid");

    public static ProblemHttpResult TitleLength(int limit) => Of(StatusCodes.Status400BadRequest, "title-length", limit);

    public static ProblemHttpResult ConversationChanged() => Of(StatusCodes.Status412PreconditionFailed, "conversation-changed");

    public static ProblemHttpResult NothingToChange() => Of(StatusCodes.Status400BadRequest, "nothing-to-change");

    public static ProblemHttpResult QueryTooLong(int limit) => Of(StatusCodes.Status400BadRequest, "query-too-long", limit);

    public static ProblemHttpResult FormatUnknown() => Of(StatusCodes.Status400BadRequest, "format-unknown");

    public static ProblemHttpResult TimeZoneUnknown() => Of(StatusCodes.Status400BadRequest, "time-zone-unknown");

    public static ProblemHttpResult FeedbackMissing() => Of(StatusCodes.Status400BadRequest, "feedback-missing");

    public static ProblemHttpResult FeedbackReason(IEnumerable<string> reasons) =>
        Of(StatusCodes.Status400BadRequest, "feedback-reason", string.Join(", ", reasons));

    public static ProblemHttpResult FeedbackComment(int limit) => Of(StatusCodes.Status400BadRequest, "feedback-comment", limit);

    public static ProblemHttpResult LanguageUnknown() => Of(StatusCodes.Status400BadRequest, "language-unknown");

    public static ProblemHttpResult SessionMissing() => Of(StatusCodes.Status400BadRequest, "session-missing");

    public static ProblemHttpResult SessionMessages(int messages, int characters) =>
        Of(StatusCodes.Status400BadRequest, "session-messages", messages, characters);

    public static ProblemHttpResult SocketNeeded() => Of(StatusCodes.Status400BadRequest, "socket-needed");

    public static ProblemHttpResult SocketOfAnother() => Of(StatusCodes.Status403Forbidden, "socket-of-another");

    public static ProblemHttpResult OriginRefused(string origin) => Of(StatusCodes.Status403Forbidden, "origin-refused", origin);

    /// <summary>A sentence for the person at the other end of a socket.</summary>
    public static string Text(string key, params object[] values) => string.Format(
        CultureInfo.InvariantCulture,
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key),
        values);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, Text(slug + ".title"), Text(slug, values));
}
