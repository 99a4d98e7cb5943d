using Mefapex.Contracts;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Http;

internal static class HttpExtensions
{
    private const string DocumentPath = "/openapi.json";

    public static WebApplicationBuilder AddHttp(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<WebOptions>().BindConfiguration(WebOptions.Section);
        builder.Services.ConfigureHttpJsonOptions(json => WireJson.Configure(json.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddExceptionHandler<RequestFaults>();
        builder.Services.AddRequestLocalization(languages => languages
            .SetDefaultCulture("en")
            .AddSupportedCultures("en", "tr")
            .AddSupportedUICultures("en", "tr"));
        builder.Services.AddOpenApi();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = 1024 * 1024;
        });
        return builder;
    }

    public static WebApplication UseHttp(this WebApplication app)
    {
        app.UseRequestLocalization();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "docs";
            ui.DocumentTitle = "Mefapex API";
            ui.SwaggerEndpoint(DocumentPath, "Mefapex API");
        });
        return app;
    }

    public static void MapHttp(this WebApplication app)
    {
        app.MapGet("/", (IOptions<WebOptions> web) => TypedResults.Redirect(web.Value.Url.ToString()))
            .ExcludeFromDescription();
        app.MapOpenApi(DocumentPath);
        app.MapHealth();
    }
}
