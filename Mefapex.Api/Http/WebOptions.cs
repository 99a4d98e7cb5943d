namespace Mefapex.Api.Http;

/// <summary>Section <c>Web</c>.</summary>
internal sealed class WebOptions
{
    public const string Section = "Web";

    /// <summary>Where the web UI is: what <c>/</c> leads to.</summary>
    public Uri Url { get; init; } = new("http://localhost:5173");

    /// <summary>Pages of other addresses that may connect (also <c>ALLOWED_ORIGINS</c>): origins with commas between them,
    /// <c>*</c> for all.</summary>
    public string AllowedOrigins { get; init; } = "";

    /// <summary>Whether a page of this origin may connect: our own, those of the web UI, and those named.</summary>
    public bool Allows(string origin, HttpRequest request) =>
        AllowedOrigins.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Append(Url.GetLeftPart(UriPartial.Authority))
            .Append($"{request.Scheme}://{request.Host}")
            .Any(allowed => allowed == "*" || string.Equals(allowed.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase));
}
