using System.Net;

namespace Mefapex.Web.Api;

/// <summary>Why the API gave no answer, as far as a person needs to know.</summary>
internal enum ApiFailure
{
    /// <summary>No connection, a time-out, or a 5xx.</summary>
    Unavailable,

    /// <summary>No token, or one that is no longer accepted.</summary>
    SignedOut,

    /// <summary>Refused for this person.</summary>
    Forbidden,

    /// <summary>It does not exist, or belongs to someone else.</summary>
    NotFound,

    /// <summary>Too many requests.</summary>
    TooMany,

    /// <summary>The request itself was refused.</summary>
    Invalid,
}

/// <summary>The API could not be reached or refused; <see cref="Detail"/> is its own sentence, if it gave one.</summary>
internal sealed class ApiException(ApiFailure failure, string? detail = null, Exception? inner = null)
    : Exception(detail ?? failure.ToString(), inner)
{
    public ApiFailure Failure { get; } = failure;

    /// <summary>What a sign-in goes on with, where the password was right and the account also takes a code.</summary>
    public string? Challenge { get; init; }

    public string? Detail { get; } = detail;

    public static ApiFailure FailureOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized => ApiFailure.SignedOut,
        HttpStatusCode.Forbidden => ApiFailure.Forbidden,
        HttpStatusCode.NotFound => ApiFailure.NotFound,
        HttpStatusCode.TooManyRequests => ApiFailure.TooMany,
        >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout => ApiFailure.Unavailable,
        _ => ApiFailure.Invalid,
    };
}
