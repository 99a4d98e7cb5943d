using System.Text.Encodings.Web;
using System.Text.Unicode;
using Mefapex.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
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
    /// factory, problem details, the wire JSON rules and the Kestrel limits.
    /// </summary>
    public static T AddServiceDefaults<T>(this T builder)
        where T : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton(ServiceIdentity.Of(builder));
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
        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodyBytes;
        });
        return builder;
    }

    /// <summary>
    /// The outermost middleware: correlation id, language of the error texts, problem details for exceptions and for
    /// error answers without a body. Call it first after <c>Build()</c>; error pages of a service's own, added later,
    /// come before these.
    /// </summary>
    public static WebApplication UseServiceDefaults(this WebApplication app)
    {
        app.UseMiddleware<CorrelationMiddleware>();
        app.UseRequestLocalization();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        return app;
    }

    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c>.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealth();
        return app;
    }
}
