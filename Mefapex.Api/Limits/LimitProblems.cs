using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Limits;

/// <summary>What limits and idempotency keys report on purpose; texts in LimitProblems*.resx.</summary>
internal static class LimitProblems
{
    private static readonly ResourceManager Resources = new(typeof(LimitProblems));

    public static ProblemHttpResult TooManyRequests(int seconds) =>
        Of(StatusCodes.Status429TooManyRequests, "too-many-requests", seconds);

    public static ProblemHttpResult KeyInvalid(int longest) => Of(StatusCodes.Status400BadRequest, "idempotency-key-invalid", longest);

    public static ProblemHttpResult KeyReused() => Of(StatusCodes.Status422UnprocessableEntity, "idempotency-key-reused");

    public static ProblemHttpResult KeyInUse(int seconds) => Of(StatusCodes.Status409Conflict, "idempotency-key-in-use", seconds);

    /// <summary>A sentence in the language of the request.</summary>
    public static string Text(string key, params object[] values) => string.Format(
        CultureInfo.InvariantCulture,
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key),
        values);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, Text(slug + ".title"), Text(slug, values));
}
