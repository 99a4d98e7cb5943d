using Mefapex.Api.Http;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Tenants;

namespace Mefapex.Api.Accounts.Administration;

internal static class AdministrationExtensions
{
    public static WebApplicationBuilder AddUserAdministration(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<UserAdministration>();
        builder.Services.AddScoped<Audiences>();
        return builder;
    }

    public static void MapUserAdministration(this IEndpointRouteBuilder endpoints)
    {
        var admin = endpoints.MapGroup("/api/v1/admin").WithTags("Administration").Requires(Policies.Users).NeedsDatabase().ForTenant();
        admin.MapUsers();
        admin.MapRoles();
        admin.MapGroups();
    }
}
