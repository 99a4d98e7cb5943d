using Mefapex.Api.Accounts.Administration;
using Mefapex.Api.Accounts.OpenId;
using Mefapex.Api.Accounts.SecondFactors;
using Mefapex.Api.Accounts.SigningKeys;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts;

internal static class AccountEndpoints
{
    public static WebApplicationBuilder AddAccounts(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<AccountOptions>().BindConfiguration(AccountOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AccountOptions>, AccountOptions.Validator>();
        builder.Services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        builder.Services.AddOptions<PasswordHasherOptions>().Configure<IOptions<AccountOptions>>((hasher, accounts) =>
            hasher.IterationCount = accounts.Value.HashIterations);
        builder.Services.AddSingleton<Passwords>();
        builder.Services.AddSingleton<PasswordResetQueue>();
        builder.Services.AddHostedService(services => services.GetRequiredService<PasswordResetQueue>());
        builder.Services.AddSingleton<DecoyUser>();
        builder.Services.AddScoped<SignInThrottle>();
        builder.Services.AddSingleton<LiveSessions>();
        builder.Services.AddHostedService<SessionWatch>();
        builder.Services.AddSingleton<SessionSweep>();
        builder.Services.AddHostedService(services => services.GetRequiredService<SessionSweep>());
        builder.Services.AddScoped<DemoUsers>();
        builder.Services.AddScoped<PasswordCheck>();
        builder.Services.AddScoped<Sessions>();
        builder.Services.AddScoped<SignIn>();
        builder.Services.AddScoped<Invitations>();
        builder.AddOpenId();
        builder.Services.AddSecondFactors();
        builder.Services.AddSigningKeys();
        builder.Services.AddSessionChecks();
        builder.Services.AddPolicies();
        builder.AddUserAdministration();
        return builder;
    }

    public static void MapAccounts(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapUserAdministration();
        var all = endpoints.MapGroup("").WithTags("Accounts").NeedsDatabase().RefusesWhenBusy();
        all.MapInvitations();
        all.MapSecondFactorReset();
        var accounts = all.MapGroup("").AcrossTenants();
        accounts.MapSignIn();
        accounts.MapRegistration();
        accounts.MapAccountSessions();
        accounts.MapPasswords();
        accounts.MapOpenId(endpoints.ServiceProvider);
        accounts.MapSecondFactors();
        accounts.MapSigningKeys();
        accounts.MapGet("/me", MeAsync).Requires(Policies.Account);
        accounts.MapGet("/api/auth/me", MeAsync).Requires(Policies.Account);
    }

    private static async Task<Results<Ok<UserInfo>, ProblemHttpResult>> MeAsync(
        Caller caller,
        MefapexDb db,
        CancellationToken cancellationToken) =>
        await db.UserInfoAsync(caller.UserId, cancellationToken) is { } info
            ? TypedResults.Ok(info)
            : Problems.AccountGone();
}
