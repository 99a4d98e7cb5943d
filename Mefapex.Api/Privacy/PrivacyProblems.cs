using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Privacy;

/// <summary>What export and erasure report on purpose, and what they tell people; texts in PrivacyProblems*.resx.</summary>
internal static class PrivacyProblems
{
    private static readonly ResourceManager Resources = new(typeof(PrivacyProblems));

    public static ProblemHttpResult PersonNotFound() => Of(StatusCodes.Status404NotFound, "person-not-found");

    public static ProblemHttpResult OwnerProtected() => Of(StatusCodes.Status403Forbidden, "owner-protected");

    public static ProblemHttpResult LastOwner() => Of(StatusCodes.Status409Conflict, "last-owner");

    public static ProblemHttpResult EraseYourself() => Of(StatusCodes.Status409Conflict, "erase-yourself");

    public static ProblemHttpResult PasswordWrong() => Of(StatusCodes.Status400BadRequest, "password-wrong");

    public static ProblemHttpResult RetentionUnknown(IEnumerable<string> kinds) =>
        Of(StatusCodes.Status404NotFound, "retention-unknown", string.Join(", ", kinds));

    public static ProblemHttpResult RetentionOperators() => Of(StatusCodes.Status403Forbidden, "retention-operators");

    public static ProblemHttpResult RetentionDays(int least, int most) =>
        Of(StatusCodes.Status400BadRequest, "retention-days", least, most);

    public static string Text(string key) =>
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, Text(slug + ".title"), string.Format(CultureInfo.CurrentCulture, Text(slug), values));
}
