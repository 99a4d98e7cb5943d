using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Http;

/// <summary>Every problem that the API reports on purpose; <c>type</c> is stable, <c>detail</c> is for people.</summary>
internal static class Problems
{
    public static ProblemHttpResult CredentialsMissing() =>
        Of(StatusCodes.Status400BadRequest, "credentials-missing", Texts.CredentialsMissing);

    public static ProblemHttpResult WrongCredentials() =>
        Of(StatusCodes.Status401Unauthorized, "wrong-credentials", Texts.WrongCredentials);

    public static ProblemHttpResult AccountGone() =>
        Of(StatusCodes.Status401Unauthorized, "account-gone", Texts.AccountGone);

    public static ProblemHttpResult TooManyAttempts(int seconds) =>
        Of(StatusCodes.Status429TooManyRequests, "too-many-attempts", Texts.TooManyAttempts(seconds));

    public static ProblemHttpResult MessageEmpty(int limit) =>
        Of(StatusCodes.Status400BadRequest, "message-empty", Texts.MessageEmpty(limit));

    public static ProblemHttpResult MessageTooLong(int length, int limit) =>
        Of(StatusCodes.Status400BadRequest, "message-too-long", Texts.MessageTooLong(length, limit));

    public static ProblemHttpResult LimitOutOfRange(int lowest, int highest) =>
        Of(StatusCodes.Status400BadRequest, "limit-out-of-range", Texts.LimitOutOfRange(lowest, highest));

    public static ProblemHttpResult CursorInvalid() =>
        Of(StatusCodes.Status400BadRequest, "cursor-invalid", Texts.CursorInvalid);

    public static ProblemHttpResult TextNotStorable() =>
        Of(StatusCodes.Status400BadRequest, "text-not-storable", Texts.TextNotStorable);

    public static ProblemHttpResult TenantNotFound(string slug) =>
        Of(StatusCodes.Status404NotFound, "tenant-not-found", Texts.TenantNotFound(slug));

    public static ProblemHttpResult ConversationNotFound() =>
        Of(StatusCodes.Status404NotFound, "conversation-not-found", Texts.ConversationNotFound);

    public static ProblemHttpResult DatabaseUnavailable(int retryAfterSeconds) =>
        Of(StatusCodes.Status503ServiceUnavailable, "database-unavailable", Texts.DatabaseUnavailable(retryAfterSeconds));

    /// <summary>A problem of a feature that keeps its texts itself.</summary>
    public static ProblemHttpResult Of(int status, string slug, string title, string detail) =>
        TypedResults.Problem(statusCode: status, type: ProblemTypes.Prefix + slug, title: title, detail: detail);

    private static ProblemHttpResult Of(int status, string slug, string detail) => Of(status, slug, Texts.Title(slug), detail);
}
