using System.Text.Encodings.Web;
using System.Text.Unicode;
using Mefapex.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Mefapex.ServiceDefaults;

/// <summary>What every service of the topology has in common, in three calls.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Largest request body a service reads unless an endpoint says otherwise: 1 MiB.</summary>
    public const long MaxRequestBodyBytes = 1024 * 1024;

    /// <summary>
    /// Adds telemetry, JSON logs, health checks, discovery and resilience for every <see cref="HttpClient"/> of the
    /// factory, problem details, the wire JSON rules and the limits of <see cref="EdgeOptions"/>.
    /// </summary>
    public static T AddServiceDefaults<T>(this T builder)
        where T : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton(ServiceIdentity.Of(builder));
        builder.AddSecretFiles();
        builder.AddCompatibilityVariables();
        builder.AddLogDefaults();
        builder.AddTelemetry();
        builder.AddServiceClients();
        builder.Services.AddHealthChecks();
        builder.Services.AddProblems();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            WireJson.Configure(json.SerializerOptions);
            json.SerializerOptions.Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);
        });
        builder.Services.AddEdge();
        return builder;
    }

    /// <summary>
    /// The outermost middleware: security headers, correlation id, language of the error texts, problem details for
    /// exceptions and for error answers without a body, proxies and host names. Call it first after <c>Build()</c>; error pages of a service's own, added later,
    /// come before these.
    /// </summary>
    public static WebApplication UseServiceDefaults(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeadersMiddleware>();
        app.UseMiddleware<CorrelationMiddleware>();
        app.UseRequestLocalization();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseEdge();
        app.UseCookiePolicy();
        return app;
    }

    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c>.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealth();
        return app;
    }
}
