using System.Globalization;
using System.Resources;
using Mefapex.Contracts.Quotas;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Quotas;

/// <summary>What is told about quotas; texts in QuotaProblems*.resx.</summary>
internal static class QuotaProblems
{
    private const string ExceededSlug = "quota-exceeded";
    private const string ResetsAt = "resets_at";
    private static readonly ResourceManager Resources = new(typeof(QuotaProblems));

    /// <summary>Carries the figures; how it is written adds the header for when to come back.</summary>
    public static ProblemHttpResult Exceeded(QuotaExcess excess)
    {
        var extensions = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["quota"] = excess.Quota,
            ["limit"] = excess.Limit,
            ["used"] = excess.Used,
        };
        if (excess.ResetsAt is { } resetsAt)
            extensions[ResetsAt] = resetsAt;
        return TypedResults.Problem(
            statusCode: StatusCodes.Status429TooManyRequests,
            type: ProblemTypes.Prefix + ExceededSlug,
            title: Text(ExceededSlug + ".title"),
            detail: Text($"{ExceededSlug}.{excess.Quota}", Figure(excess, excess.Used), Figure(excess, excess.Limit), excess.ResetsAt),
            extensions: extensions);
    }

    public static ProblemHttpResult LimitInvalid(string quota) => Of("quota-invalid", quota);

    public static ProblemHttpResult TimeZoneUnknown(string zone) => Of("quota-time-zone-unknown", zone);

    /// <summary>Says by header when a quota counts from nothing again.</summary>
    public static void AddRetryAfter(ProblemDetailsContext context)
    {
        if (!context.ProblemDetails.Extensions.TryGetValue(ResetsAt, out var value) || value is not DateTimeOffset resetsAt)
            return;
        var time = context.HttpContext.RequestServices.GetRequiredService<TimeProvider>();
        var seconds = Math.Max(1, Math.Ceiling((resetsAt - time.GetUtcNow()).TotalSeconds));
        context.HttpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Bytes as mebibytes, the rest as it is.</summary>
    private static string Figure(QuotaExcess excess, long figure) => excess.Quota == QuotaNames.StorageBytes
        ? (figure / (1024d * 1024)).ToString("0.##", CultureInfo.CurrentCulture)
        : figure.ToString(CultureInfo.CurrentCulture);

    private static ProblemHttpResult Of(string slug, params object[] values) =>
        Http.Problems.Of(StatusCodes.Status400BadRequest, slug, Text(slug + ".title"), Text(slug, values));

    private static string Text(string key, params object?[] values) => string.Format(
        CultureInfo.InvariantCulture,
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key),
        values);
}
