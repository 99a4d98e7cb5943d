namespace Mefapex.ServiceDefaults;

/// <summary>The stable <c>type</c> of problem details: <c>urn:mefapex:problem:&lt;slug&gt;</c>.</summary>
public static class ProblemTypes
{
    /// <summary>What every type begins with.</summary>
    public const string Prefix = "urn:mefapex:problem:";

    /// <summary>The request could not be read: wrong JSON, a missing or malformed parameter.</summary>
    public const string BadRequest = Prefix + "bad-request";

    /// <summary>The body is not JSON, or not of the expected shape; the detail names the position.</summary>
    public const string WrongJson = Prefix + "wrong-json";

    /// <summary>The body holds bytes that are not UTF-8, or half of a surrogate pair.</summary>
    public const string InvalidUtf8 = Prefix + "invalid-utf8";

    /// <summary>Signing in is required.</summary>
    public const string TokenMissing = Prefix + "token-missing";

    /// <summary>The access token's time is over.</summary>
    public const string TokenExpired = Prefix + "token-expired";

    /// <summary>The session that the access token was issued for is over: signed out, or ended from elsewhere.</summary>
    public const string SessionEnded = Prefix + "session-ended";

    /// <summary>The access token was not issued here, or was changed.</summary>
    public const string TokenInvalid = Prefix + "token-invalid";

    /// <summary>Signed in, but not allowed.</summary>
    public const string Forbidden = Prefix + "forbidden";

    /// <summary>There is nothing at this address, or nothing the caller may see.</summary>
    public const string NotFound = Prefix + "not-found";

    /// <summary>The address does not take this method.</summary>
    public const string MethodNotAllowed = Prefix + "method-not-allowed";

    /// <summary>The body is larger than the service reads.</summary>
    public const string PayloadTooLarge = Prefix + "payload-too-large";

    /// <summary>The body's content type is not one the address takes.</summary>
    public const string UnsupportedMediaType = Prefix + "unsupported-media-type";

    /// <summary>Too many requests in a short time.</summary>
    public const string TooManyRequests = Prefix + "too-many-requests";

    /// <summary>The database or another service does not answer; worth trying again.</summary>
    public const string Unavailable = Prefix + "unavailable";

    /// <summary>The answer did not begin within the time that the service allows itself.</summary>
    public const string TooSlow = Prefix + "too-slow";

    /// <summary>The request is for a host name that is not the service's.</summary>
    public const string UnknownHost = Prefix + "unknown-host";

    /// <summary>A mistake of ours; the log has it under the correlation id.</summary>
    public const string Unexpected = Prefix + "unexpected";

    /// <summary>The type for an error status, used where nothing more is known.</summary>
    internal static string Of(int status) => status switch
    {
        400 => BadRequest,
        401 => TokenMissing,
        403 => Forbidden,
        404 => NotFound,
        405 => MethodNotAllowed,
        413 => PayloadTooLarge,
        415 => UnsupportedMediaType,
        429 => TooManyRequests,
        502 or 503 or 504 => Unavailable,
        < 500 => BadRequest,
        _ => Unexpected,
    };
}
