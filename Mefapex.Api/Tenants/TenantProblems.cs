using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Tenants;

/// <summary>What goes wrong with tenants; texts in TenantProblems*.resx.</summary>
internal static class TenantProblems
{
    private static readonly ResourceManager Resources = new(typeof(TenantProblems));

    public static ProblemHttpResult Suspended(string name, string reason) =>
        Of(StatusCodes.Status403Forbidden, "tenant-suspended", name, reason);

    public static ProblemHttpResult HostOfAnother(string host) => Of(StatusCodes.Status403Forbidden, "host-of-another-tenant", host);

    public static ProblemHttpResult NotFound() => Of(StatusCodes.Status404NotFound, "tenant-unknown");

    public static ProblemHttpResult SlugInvalid(int shortest, int longest) =>
        Of(StatusCodes.Status400BadRequest, "slug-invalid", shortest, longest);

    public static ProblemHttpResult SlugTaken(string slug) => Of(StatusCodes.Status409Conflict, "slug-taken", slug);

    public static ProblemHttpResult NameInvalid(int longest) => Of(StatusCodes.Status400BadRequest, "tenant-name-invalid", longest);

    public static ProblemHttpResult LocaleUnknown(IEnumerable<string> known) =>
        Of(StatusCodes.Status400BadRequest, "locale-unknown", string.Join(", ", known));

    public static ProblemHttpResult HostInvalid(string host, int most) =>
        Of(StatusCodes.Status400BadRequest, "host-invalid", host, most);

    public static ProblemHttpResult HostTaken(string hosts) => Of(StatusCodes.Status409Conflict, "host-taken", hosts);

    public static ProblemHttpResult ReasonMissing(int longest) => Of(StatusCodes.Status400BadRequest, "reason-missing", longest);

    public static ProblemHttpResult PreconditionMissing() => Of(StatusCodes.Status428PreconditionRequired, "precondition-missing");

    public static ProblemHttpResult ChangedMeanwhile() => Of(StatusCodes.Status412PreconditionFailed, "changed-meanwhile");

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, Text(slug + ".title"), string.Format(CultureInfo.CurrentCulture, Text(slug), values));

    private static string Text(string key) =>
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key);
}
