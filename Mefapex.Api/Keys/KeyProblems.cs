using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Keys;

/// <summary>What is told about API keys; texts in KeyProblems*.resx.</summary>
internal static class KeyProblems
{
    private static readonly ResourceManager Resources = new(typeof(KeyProblems));

    public static ProblemHttpResult Refused(KeyRefusal refusal) => Of(StatusCodes.Status401Unauthorized, refusal switch
    {
        KeyRefusal.Revoked => "key-revoked",
        KeyRefusal.Expired => "key-expired",
        KeyRefusal.WrongNetwork => "key-wrong-network",
        KeyRefusal.TenantSuspended => "key-tenant-suspended",
        _ => "key-invalid",
    });

    public static ProblemHttpResult TooManyGuesses(int seconds) => Of(StatusCodes.Status429TooManyRequests, "too-many-attempts", seconds);

    public static ProblemHttpResult PersonNeeded() => Of(StatusCodes.Status403Forbidden, "person-needed");

    public static ProblemHttpResult ScopeMissing(string scope) => Of(StatusCodes.Status403Forbidden, "scope-missing", scope);

    public static ProblemHttpResult OfAnotherTenant() => Of(StatusCodes.Status403Forbidden, "key-of-another-tenant");

    public static ProblemHttpResult NotFound() => Of(StatusCodes.Status404NotFound, "key-not-found");

    public static ProblemHttpResult NotActive() => Of(StatusCodes.Status409Conflict, "key-not-active");

    public static ProblemHttpResult NameInvalid(int longest) => Of(StatusCodes.Status400BadRequest, "key-name-invalid", longest);

    public static ProblemHttpResult ScopesMissing(IEnumerable<string> scopes) =>
        Of(StatusCodes.Status400BadRequest, "key-scopes-missing", string.Join(", ", scopes));

    public static ProblemHttpResult ScopesNotGrantable(IEnumerable<string> refused, IEnumerable<string> scopes) =>
        Of(StatusCodes.Status400BadRequest, "key-scopes-not-grantable", string.Join(", ", refused), string.Join(", ", scopes));

    public static ProblemHttpResult ExpiryInvalid(int years) => Of(StatusCodes.Status400BadRequest, "key-expiry-invalid", years);

    public static ProblemHttpResult NoIdempotency() => Of(StatusCodes.Status400BadRequest, "key-without-idempotency");

    public static ProblemHttpResult OverlapInvalid(int longest) => Of(StatusCodes.Status400BadRequest, "key-overlap-invalid", longest);

    public static ProblemHttpResult NetworkInvalid(string network) => Of(StatusCodes.Status400BadRequest, "key-network-invalid", network);

    public static ProblemHttpResult NetworksTooMany(int most) => Of(StatusCodes.Status400BadRequest, "key-networks-too-many", most);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, Text(slug + ".title"), Text(slug, values));

    private static string Text(string key, params object[] values) => string.Format(
        CultureInfo.InvariantCulture,
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key),
        values);
}
