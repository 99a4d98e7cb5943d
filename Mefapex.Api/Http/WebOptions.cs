using Microsoft.Extensions.Options;

namespace Mefapex.Api.Http;

/// <summary>Section <c>Web</c>.</summary>
internal sealed class WebOptions
{
    public const string Section = "Web";

    /// <summary>Where the web UI is: what <c>/</c> leads to.</summary>
    public Uri Url { get; init; } = new("http://localhost:5173");

    /// <summary>Pages of other addresses that may call and connect (also <c>ALLOWED_ORIGINS</c>): origins with commas between them,
    /// <c>*</c> for all.</summary>
    public string AllowedOrigins { get; init; } = "";

    /// <summary>The entries of <see cref="AllowedOrigins"/>, without a slash at the end.</summary>
    public IReadOnlyList<string> Origins =>
        [.. AllowedOrigins.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(o => o.TrimEnd('/'))];

    /// <summary>Whether a page of this origin may connect: our own, those of the web UI, and those named.</summary>
    public bool Allows(string origin, HttpRequest request) =>
        Origins
            .Append(Url.GetLeftPart(UriPartial.Authority))
            .Append($"{request.Scheme}://{request.Host}")
            .Any(allowed => allowed == "*" || string.Equals(allowed, origin, StringComparison.OrdinalIgnoreCase));
}

internal sealed class WebOptionsValidator : IValidateOptions<WebOptions>
{
    public ValidateOptionsResult Validate(string? name, WebOptions options)
    {
        var wrong = options.Origins.Where(origin => origin != "*" && !IsOrigin(origin)).ToList();
        return wrong.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"{WebOptions.Section}:{nameof(WebOptions.AllowedOrigins)} (or ALLOWED_ORIGINS) names {string.Join(" and ", wrong)}, "
                + "expected origins such as https://intranet.example with commas between them, or * for all.");
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && string.Equals(uri.GetLeftPart(UriPartial.Authority), text, StringComparison.OrdinalIgnoreCase);
}
