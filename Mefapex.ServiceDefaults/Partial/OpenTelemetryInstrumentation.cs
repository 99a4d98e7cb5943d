using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace OpenTelemetry.Instrumentation.AspNetCore
{
    internal sealed class AspNetCoreTraceInstrumentationOptions
    {
        /// <summary>Which requests are traced; all where it is null.</summary>
        public Func<HttpContext, bool>? Filter { get; set; }

        /// <summary>Whether every call of a hub method is a span.</summary>
        public bool EnableAspNetCoreSignalRSupport { get; set; } = true;
    }

    /// <summary>Drops the spans of filtered requests and adds what the framework's own span lacks.</summary>
    internal sealed class RequestSpans(AspNetCoreTraceInstrumentationOptions options) : IStartupFilter
    {
        private const string RequestSpan = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, following) => FollowAsync(context, following));
            next(app);
        };

        private async Task FollowAsync(HttpContext context, RequestDelegate following)
        {
            if (Activity.Current is not { IsAllDataRequested: true, OperationName: RequestSpan } span)
            {
                await following(context);
                return;
            }

            if (options.Filter?.Invoke(context) == false)
            {
                span.IsAllDataRequested = false;
                span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
                await following(context);
                return;
            }

            span.DisplayName = context.Request.Method;
            try
            {
                await following(context);
            }
            finally
            {
                Complete(span, context);
            }
        }

        private static void Complete(Activity span, HttpContext context)
        {
            if ((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is { } pattern)
            {
                var route = $"/{pattern.TrimStart('/')}";
                span.DisplayName = $"{context.Request.Method} {route}";
                span.SetTag("http.route", route);
            }

            span.SetTag("http.response.status_code", context.Response.StatusCode);
            if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError)
                span.SetStatus(ActivityStatusCode.Error);
        }
    }
}

namespace OpenTelemetry.Trace
{
    internal static class TracerProviderBuilderExtensions
    {
        public static TracerProviderBuilder AddAspNetCoreInstrumentation(
            this TracerProviderBuilder tracing, Action<AspNetCoreTraceInstrumentationOptions> configure)
        {
            // The framework names method and path on its span only when asked to.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", isEnabled: false);
            var options = new AspNetCoreTraceInstrumentationOptions();
            configure(options);
            if (options.EnableAspNetCoreSignalRSupport)
                tracing.AddSource("Microsoft.AspNetCore.SignalR.Server");
            return tracing.AddSource("Microsoft.AspNetCore").ConfigureServices(services =>
                services.AddSingleton<IStartupFilter>(new RequestSpans(options)));
        }

        public static TracerProviderBuilder AddHttpClientInstrumentation(this TracerProviderBuilder tracing) =>
            tracing.AddSource("System.Net.Http");
    }
}

namespace OpenTelemetry.Metrics
{
    internal static class MeterProviderBuilderExtensions
    {
        public static MeterProviderBuilder AddAspNetCoreInstrumentation(this MeterProviderBuilder metrics) => metrics.AddMeter(
            "Microsoft.AspNetCore.Hosting",
            "Microsoft.AspNetCore.Server.Kestrel",
            "Microsoft.AspNetCore.Http.Connections",
            "Microsoft.AspNetCore.Routing",
            "Microsoft.AspNetCore.Diagnostics",
            "Microsoft.AspNetCore.RateLimiting");

        public static MeterProviderBuilder AddHttpClientInstrumentation(this MeterProviderBuilder metrics) =>
            metrics.AddMeter("System.Net.Http", "System.Net.NameResolution");

        public static MeterProviderBuilder AddRuntimeInstrumentation(this MeterProviderBuilder metrics) =>
            metrics.AddMeter("System.Runtime");
    }
}
