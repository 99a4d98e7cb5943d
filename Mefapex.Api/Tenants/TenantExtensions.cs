using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Tenants.Administration;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;

namespace Mefapex.Api.Tenants;

internal static class TenantExtensions
{
    public static WebApplicationBuilder AddTenants(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<TenantOptions>().BindConfiguration(TenantOptions.Section);
        builder.Services.AddSingleton<TenantDirectory>();
        builder.Services.AddScoped<RequestTenant>();
        builder.Services.AddScoped<TenantAdministration>();
        builder.Services.ConfigureAll<OpenApiOptions>(options => options.AddOperationTransformer(TenantHeader.DescribeAsync));
        return builder;
    }

    /// <summary>
    /// Refuses people of a suspended tenant, and those at the address of another one, on every path that asks who they are,
    /// whether it is about a tenant's rows or their own.
    /// </summary>
    public static void UseTenants(this WebApplication app)
    {
        var database = app.Services.GetRequiredService<DatabaseState>();
        app.Use(async (http, next) =>
        {
            var asksWho = http.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null;
            if (asksWho && database.IsReady && Caller.From(http.User)?.Tenant is not null
                && await http.RequestServices.GetRequiredService<RequestTenant>().ResolveAsync(http) is { } problem)
            {
                await problem.ExecuteAsync(http);
                return;
            }

            await next(http);
        });
    }
}
