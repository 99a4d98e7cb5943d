using Mefapex.Contracts;

namespace Mefapex.Web.Api;

internal static class ApiFeature
{
    public static void AddApi(this IServiceCollection services) =>
        services.AddHttpClient<ApiClient>(http => http.BaseAddress = new Uri($"http://{ResourceNames.Api}"));
}
