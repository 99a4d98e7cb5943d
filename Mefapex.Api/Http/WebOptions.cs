namespace Mefapex.Api.Http;

/// <summary>Section <c>Web</c>.</summary>
internal sealed class WebOptions
{
    public const string Section = "Web";

    /// <summary>Where the web UI is: what <c>/</c> leads to.</summary>
    public Uri Url { get; init; } = new("http://localhost:5173");
}
