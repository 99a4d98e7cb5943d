using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.CookiePolicy;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using IPNetwork = System.Net.IPNetwork;
using MediaTypeHeaderValue = Microsoft.Net.Http.Headers.MediaTypeHeaderValue;

namespace Mefapex.ServiceDefaults;

/// <summary>What stands between a service and the network: limits of size and time, proxies, host names.</summary>
public static class EdgeExtensions
{
    private const string UploadPolicy = "upload";
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Gives an endpoint that takes a file <see cref="EdgeOptions.UploadTimeout"/> to answer.</summary>
    public static TBuilder TakesFile<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoint.WithRequestTimeout(UploadPolicy);
        return endpoint;
    }

    /// <summary>
    /// Answers 504 where an answer does not begin in time (<see cref="EdgeOptions.AnswerTimeout"/>). Goes inside the
    /// exception handlers, which would take the interruption for a mistake.
    /// </summary>
    public static void UseTimeLimits(this WebApplication app)
    {
        app.UseRequestTimeouts();
        app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
                return Task.CompletedTask;
            });
            return next(context);
        });
    }

    internal static void AddEdge(this IServiceCollection services)
    {
        services.AddOptions<EdgeOptions>()
            .BindConfiguration(EdgeOptions.Section)
            .Configure<IConfiguration>((edge, configuration) =>
            {
                if (configuration["AllowedHosts"] is { Length: > 0 } hosts && configuration["Edge:AllowedHosts"] is null)
                    edge.AllowedHosts = hosts;
            })
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<EdgeOptions>, EdgeOptionsValidator>();
        services.AddOptions<SecurityHeaderOptions>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<EdgeOptions>>((kestrel, edge) => Limit(kestrel, edge.Value));
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<EdgeOptions>>((proxies, edge) => Trust(proxies, edge.Value));

        // Its refusal is a page of its own that comes before every middleware; HostCheck answers with a problem.
        services.PostConfigure<HostFilteringOptions>(hosts => hosts.AllowedHosts = ["*"]);

        services.AddOptions<CookiePolicyOptions>().Configure<IOptions<EdgeOptions>, IHostEnvironment>((cookies, edge, environment) =>
        {
            cookies.HttpOnly = HttpOnlyPolicy.Always;
            cookies.MinimumSameSitePolicy = SameSiteMode.Lax;
            cookies.Secure = environment.IsDevelopment() || edge.Value.PlainHttpCookies
                ? CookieSecurePolicy.SameAsRequest
                : CookieSecurePolicy.Always;
        });
        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure<IOptions<EdgeOptions>>((timeouts, edge) =>
        {
            timeouts.DefaultPolicy = Within(edge.Value.AnswerTimeout);
            timeouts.AddPolicy(UploadPolicy, Within(edge.Value.UploadTimeout));
        });
    }

    internal static void UseEdge(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseMiddleware<HostCheck>();
        app.Use(RefuseUnknownCharset);
    }

    // Reading JSON in an encoding that there is not fails as a mistake of the program would.
    private static Task RefuseUnknownCharset(HttpContext context, RequestDelegate next) =>
        MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) && type.Charset.HasValue && type.Encoding is null
            ? WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, ProblemTypes.UnsupportedMediaType)
            : next(context);

    private static void Limit(KestrelServerOptions kestrel, EdgeOptions edge)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = edge.MaxBodyBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = edge.MaxHeaderBytes;
        kestrel.Limits.MaxRequestLineSize = Math.Min(kestrel.Limits.MaxRequestLineSize, edge.MaxHeaderBytes);
        kestrel.Limits.RequestHeadersTimeout = edge.HeadersTimeout;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(edge.MinBytesPerSecond, Grace);
        kestrel.Limits.MinResponseDataRate = new MinDataRate(edge.MinBytesPerSecond, Grace);
    }

    private static void Trust(ForwardedHeadersOptions proxies, EdgeOptions edge)
    {
        proxies.KnownProxies.Clear();
        proxies.KnownIPNetworks.Clear();
        foreach (var entry in EdgeOptions.Split(edge.TrustedProxies))
        {
            if (IPAddress.TryParse(entry, out var address))
                proxies.KnownProxies.Add(address);
            else
                proxies.KnownIPNetworks.Add(IPNetwork.Parse(entry));
        }

        // With nobody known the framework would trust everybody.
        proxies.ForwardedHeaders = proxies.KnownProxies.Count + proxies.KnownIPNetworks.Count == 0
            ? ForwardedHeaders.None
            : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        proxies.ForwardLimit = edge.ProxyHops;
    }

    private static RequestTimeoutPolicy Within(TimeSpan time) => new()
    {
        Timeout = time,
        TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
        WriteTimeoutResponse = context =>
        {
            // Still the token whose time is up, with which nothing could be written.
            context.RequestAborted = CancellationToken.None;
            return WriteAsync(context, StatusCodes.Status504GatewayTimeout, ProblemTypes.TooSlow);
        },
    };

    internal static async Task WriteAsync(HttpContext context, int status, string type)
    {
        context.Response.StatusCode = status;
        await context.RequestServices.GetRequiredService<IProblemDetailsService>().WriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = new ProblemDetails { Status = status, Type = type },
        });
    }
}

/// <summary>Answers only requests for host names that are ours, so that nobody has links made to a host of theirs.</summary>
internal sealed class HostCheck(RequestDelegate next, IOptions<EdgeOptions> edge)
{
    private readonly StringSegment[] _allowed =
        [.. EdgeOptions.Split(edge.Value.AllowedHosts).Select(host => new StringSegment(host))];

    private readonly bool _all = EdgeOptions.Split(edge.Value.AllowedHosts).Contains("*", StringComparer.Ordinal);

    public Task InvokeAsync(HttpContext context) =>
        _all || context.Request.Path.StartsWithSegments(HealthEndpoints.Prefix, StringComparison.Ordinal)
        || (context.Request.Host.HasValue && HostString.MatchesAny(context.Request.Host.Host, _allowed))
            ? next(context)
            : EdgeExtensions.WriteAsync(context, StatusCodes.Status400BadRequest, ProblemTypes.UnknownHost);
}
