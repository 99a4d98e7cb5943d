using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Operations;

/// <summary>What the endpoints of operations report on purpose; texts in OperationsProblems*.resx.</summary>
internal static class OperationsProblems
{
    private static readonly ResourceManager Resources = new(typeof(OperationsProblems));

    public static ProblemHttpResult CleanupTooSoon(int seconds) => Of(StatusCodes.Status429TooManyRequests, "cleanup-too-soon", seconds);

    public static ProblemHttpResult FallbackMinutes(int longest) => Of(StatusCodes.Status400BadRequest, "fallback-minutes", longest);

    public static ProblemHttpResult FallbackReason(int longest) => Of(StatusCodes.Status400BadRequest, "fallback-reason", longest);

    public static ProblemHttpResult AuditFigures() => Of(StatusCodes.Status400BadRequest, "audit-figures", 0);

    private static ProblemHttpResult Of(int status, string slug, int value) => Problems.Of(
        status, slug, Text(slug + ".title"), string.Format(CultureInfo.InvariantCulture, Text(slug), value));

    private static string Text(string key) =>
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key);
}
