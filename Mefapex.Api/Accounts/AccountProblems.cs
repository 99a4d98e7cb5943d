using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts;

/// <summary>What accounts report on purpose, and what they tell people; texts in AccountProblems*.resx.</summary>
internal static class AccountProblems
{
    private static readonly ResourceManager Resources = new(typeof(AccountProblems));

    public static ProblemHttpResult CrossSite(string origin) => Of(StatusCodes.Status403Forbidden, "cross-site", origin);

    public static ProblemHttpResult RefreshTokenMissing() => Of(StatusCodes.Status401Unauthorized, "refresh-token-missing");

    public static ProblemHttpResult RefreshTokenInvalid() => Of(StatusCodes.Status401Unauthorized, "refresh-token-invalid");

    /// <summary>A sentence for the person.</summary>
    public static string Text(string key, params object[] values) => string.Format(
        CultureInfo.CurrentCulture,
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key),
        values);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, Text(slug + ".title"), Text(slug, values));
}
