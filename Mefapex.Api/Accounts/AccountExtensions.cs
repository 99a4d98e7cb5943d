using Microsoft.AspNetCore.Identity;

namespace Mefapex.Api.Accounts;

internal static class AccountExtensions
{
    public static WebApplicationBuilder AddAccounts(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<AccountOptions>().BindConfiguration(AccountOptions.Section);
        builder.Services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        builder.Services.AddScoped<DemoUsers>();
        return builder;
    }
}
