using System.Net;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Catalogue.Hub;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

internal static class CatalogueRegistration
{
    /// <summary>Adds the <see cref="ModelCatalogue"/> with its hub.</summary>
    public static void AddModelCatalogue(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HubSettings>().Bind(configuration.GetSection(HubSettings.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<DownloadLog>();
        services.AddSingleton(provider =>
        {
            var hub = provider.GetRequiredService<IOptions<HubSettings>>().Value;
            return new HubDownloader(ClientOf(hub), hub.ToHub());
        });
        services.AddSingleton(provider => new ModelCatalogue(
            provider.GetRequiredService<IOptions<ModelOptions>>().Value is { Path.Length: > 0 } models ? models.Path : ModelFolder.Bundled,
            provider.GetRequiredService<HubDownloader>()));
    }

    /// <summary>Not one of the factory's: those have the time limits and retries of calls between services. It lives as
    /// long as the program.</summary>
    private static HttpClient ClientOf(HubSettings hub) => new(new SocketsHttpHandler
    {
        Proxy = hub.Proxy is null ? null : new WebProxy(hub.Proxy),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
