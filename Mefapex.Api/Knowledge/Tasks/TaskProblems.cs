using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Knowledge.Tasks;

/// <summary>What tasks report on purpose; texts in TaskProblems*.resx.</summary>
internal static class TaskProblems
{
    private static readonly ResourceManager Resources = new(typeof(TaskProblems));

    public static ProblemHttpResult NotFound() => Of(StatusCodes.Status404NotFound, "task-not-found");

    public static ProblemHttpResult Closed() => Of(StatusCodes.Status409Conflict, "task-closed");

    public static ProblemHttpResult Changed() => Of(StatusCodes.Status412PreconditionFailed, "task-changed");

    public static ProblemHttpResult RevisionMissing() => Of(StatusCodes.Status428PreconditionRequired, "task-revision-missing");

    public static ProblemHttpResult StatusUnknown(IReadOnlyList<string> known) =>
        Of(StatusCodes.Status400BadRequest, "task-status-unknown", string.Join(", ", known));

    public static ProblemHttpResult NoteTooLong(int limit) => Of(StatusCodes.Status400BadRequest, "task-note-too-long", limit);

    public static ProblemHttpResult NameInvalid(int limit) => Of(StatusCodes.Status400BadRequest, "task-name-invalid", limit);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) => Problems.Of(
        status, slug, Text(slug + ".title"), string.Format(CultureInfo.InvariantCulture, Text(slug), values));

    private static string Text(string key) =>
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key);
}
