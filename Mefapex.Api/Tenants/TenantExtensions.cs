namespace Mefapex.Api.Tenants;

internal static class TenantExtensions
{
    public static WebApplicationBuilder AddTenants(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TenantDirectory>();
        return builder;
    }
}
