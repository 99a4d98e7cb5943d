using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Mefapex.ServiceDefaults;

/// <summary>What a service tells browsers about its answers; set in code, the same for every deployment.</summary>
public sealed class SecurityHeaderOptions
{
    /// <summary>The content security policy of an answer. As it is: no answer loads, frames or sends anything.</summary>
    public Func<HttpContext, string> ContentPolicy { get; set; } =
        _ => "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>How much of its address an answer's links and requests give away.</summary>
    public string ReferrerPolicy { get; set; } = "no-referrer";
}

/// <summary>Content security policies of single answers.</summary>
public static class ContentPolicies
{
    private static readonly object Key = new();

    /// <summary>Has this answer carry another policy than its service's.</summary>
    public static void UseContentPolicy(this HttpContext context, string policy) => context.Items[Key] = policy;

    internal static string? Of(HttpContext context) => context.Items[Key] as string;
}

/// <summary>
/// Sets the headers when the answer begins, so that error answers, which start from an empty one, have them too.
/// </summary>
internal sealed class SecurityHeadersMiddleware(
    RequestDelegate next,
    IOptions<SecurityHeaderOptions> options,
    IOptions<EdgeOptions> edge,
    IHostEnvironment environment)
{
    private const string NoFeatures =
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
        + "midi=(), payment=(), usb=()";

    private readonly string? _strictTransport = environment.IsDevelopment() || edge.Value.HstsDays == 0
        ? null
        : string.Create(
            CultureInfo.InvariantCulture, $"max-age={(long)TimeSpan.FromDays(edge.Value.HstsDays).TotalSeconds}; includeSubDomains");

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentPolicies.Of(context) ?? options.Value.ContentPolicy(context);
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = options.Value.ReferrerPolicy;
            headers["Permissions-Policy"] = NoFeatures;
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";

            // RFC 6797: never over plain HTTP, where anybody on the way could set it.
            if (_strictTransport is not null && context.Request.IsHttps)
                headers.StrictTransportSecurity = _strictTransport;
            return Task.CompletedTask;
        });
        return next(context);
    }
}
