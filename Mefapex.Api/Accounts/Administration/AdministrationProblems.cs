using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts.Administration;

/// <summary>Why an account was not changed; texts in AdministrationProblems*.resx.</summary>
internal static class AdministrationProblems
{
    private static readonly ResourceManager Resources = new(typeof(AdministrationProblems));

    public static ProblemHttpResult UserNotFound() => Of(StatusCodes.Status404NotFound, "user-not-found");

    public static ProblemHttpResult SessionNotFound() => Of(StatusCodes.Status404NotFound, "session-not-found");

    public static ProblemHttpResult PreconditionMissing() => Of(StatusCodes.Status428PreconditionRequired, "precondition-missing");

    public static ProblemHttpResult ChangedMeanwhile() => Of(StatusCodes.Status412PreconditionFailed, "changed-meanwhile");

    public static ProblemHttpResult AccountAboveOwn() => Of(StatusCodes.Status403Forbidden, "account-above-own");

    public static ProblemHttpResult OwnAccount() => Of(StatusCodes.Status409Conflict, "own-account");

    public static ProblemHttpResult LastOwner() => Of(StatusCodes.Status409Conflict, "last-owner");

    public static ProblemHttpResult RolesMissing() => Of(StatusCodes.Status400BadRequest, "roles-missing");

    public static ProblemHttpResult RoleUnknown(string role, IEnumerable<string> known) =>
        Of(StatusCodes.Status400BadRequest, "role-unknown", role, string.Join(", ", known));

    public static ProblemHttpResult GroupInvalid(string name, int most) =>
        Of(StatusCodes.Status400BadRequest, "group-invalid", name, most);

    public static ProblemHttpResult EmailMissing() => Of(StatusCodes.Status409Conflict, "email-missing");

    public static ProblemHttpResult UserDisabled() => Of(StatusCodes.Status409Conflict, "user-disabled");

    public static ProblemHttpResult GroupNotFound(string name) => Of(StatusCodes.Status404NotFound, "group-not-found", name);

    public static ProblemHttpResult GroupExists(string name) => Of(StatusCodes.Status409Conflict, "group-exists", name);

    public static ProblemHttpResult GroupInUse(string name, int entries, int documents) =>
        Of(StatusCodes.Status409Conflict, "group-in-use", name, entries, documents);

    /// <summary>A sentence for the person.</summary>
    public static string Text(string key, params object[] values) => string.Format(
        CultureInfo.CurrentCulture,
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key),
        values);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, Text(slug + ".title"), Text(slug, values));
}
