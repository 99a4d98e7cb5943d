using Mefapex.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Http;

internal static class HttpExtensions
{
    /// <summary>Comes before the service defaults, whose exception handler takes whatever is left.</summary>
    public static WebApplicationBuilder AddHttp(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<WebOptions>().BindConfiguration(WebOptions.Section);
        builder.Services.AddExceptionHandler<DatabaseOutageHandler>();
        builder.AddApiDocs("Mefapex API");
        return builder;
    }

    public static void MapHttp(this WebApplication app)
    {
        app.MapGet("/", (IOptions<WebOptions> web) => TypedResults.Redirect(web.Value.Url.ToString()))
            .ExcludeFromDescription();
        app.MapApiDocs();
        app.MapDefaultEndpoints();
        app.MapHealth();
    }
}
