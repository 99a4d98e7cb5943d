using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Mefapex.Api.Http;

internal static class HttpExtensions
{
    private static readonly TimeSpan PreflightAge = TimeSpan.FromMinutes(10);

    /// <summary>Comes before the service defaults, whose exception handler takes whatever is left.</summary>
    public static WebApplicationBuilder AddHttp(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<WebOptions>().BindConfiguration(WebOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<WebOptions>, WebOptionsValidator>();
        builder.Services.AddCors();
        builder.Services.AddOptions<CorsOptions>().Configure<IOptions<WebOptions>>((cors, web) => cors.AddDefaultPolicy(
            policy => Allow(policy, web.Value.Origins)));
        builder.Services.AddExceptionHandler<DatabaseOutageHandler>();
        builder.Services.AddExceptionHandler<UnstorableTextHandler>();
        builder.AddApiDocs("Mefapex API");
        return builder;
    }

    /// <summary>Pages of the allowed origins may call; answers begin in time and are not kept on the way.</summary>
    public static void UseHttp(this WebApplication app)
    {
        app.UseCachePolicy();
        app.UseCors();
        app.UseTimeLimits();
    }

    public static void MapHttp(this WebApplication app)
    {
        app.MapGet("/", (IOptions<WebOptions> web) => TypedResults.Redirect(web.Value.Url.ToString()))
            .AllowAnonymous().ExcludeFromDescription();
        app.MapApiDocs();
        app.MapDefaultEndpoints();
        app.MapHealth();
    }

    /// <summary>
    /// Nobody on the way keeps an answer, as most hold somebody's data or tokens. What has a tag may be kept by its reader, who
    /// asks again before each use; an endpoint that allows more says so itself.
    /// </summary>
    private static void UseCachePolicy(this WebApplication app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            if (headers.CacheControl.Count == 0)
                headers.CacheControl = headers.ETag.Count > 0 ? "private, no-cache" : "no-store";
            return Task.CompletedTask;
        });
        return next(context);
    });

    /// <summary>Without credentials: a cookie never signs a page of another origin in.</summary>
    private static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins)
    {
        if (origins.Count == 0)
            return;
        policy.WithOrigins([.. origins]).AllowAnyHeader().AllowAnyMethod().SetPreflightMaxAge(PreflightAge).WithExposedHeaders(
            HeaderNames.ETag, HeaderNames.Location, HeaderNames.RetryAfter, HeaderNames.ContentDisposition, "X-Correlation-Id");
    }
}
