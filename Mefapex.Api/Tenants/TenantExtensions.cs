using Microsoft.AspNetCore.OpenApi;

namespace Mefapex.Api.Tenants;

internal static class TenantExtensions
{
    public static WebApplicationBuilder AddTenants(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<TenantOptions>().BindConfiguration(TenantOptions.Section);
        builder.Services.AddSingleton<TenantDirectory>();
        builder.Services.AddScoped<RequestTenant>();
        builder.Services.ConfigureAll<OpenApiOptions>(options => options.AddOperationTransformer(TenantHeader.DescribeAsync));
        return builder;
    }
}
