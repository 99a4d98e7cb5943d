using System.Globalization;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts.Accounts;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts;

internal static class AccountEndpoints
{
    public static WebApplicationBuilder AddAccounts(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<AccountOptions>().BindConfiguration(AccountOptions.Section);
        builder.Services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        builder.Services.AddSingleton<DecoyUser>();
        builder.Services.AddSingleton<SignInThrottle>();
        builder.Services.AddScoped<DemoUsers>();
        builder.Services.AddScoped<PasswordCheck>();
        return builder;
    }

    public static void MapAccounts(this IEndpointRouteBuilder endpoints)
    {
        var accounts = endpoints.MapGroup("").WithTags("Accounts").NeedsDatabase();
        accounts.MapPost("/login", SignInAsync);
        accounts.MapGet("/me", MeAsync).RequireAuthorization();
        accounts.MapGet("/api/auth/me", MeAsync).RequireAuthorization();
    }

    private static async Task<Results<Ok<LoginResponse>, ProblemHttpResult>> SignInAsync(
        LoginRequest request,
        HttpContext http,
        PasswordCheck passwords,
        SignInThrottle throttle,
        TokenIssuer tokens,
        TimeProvider time,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(request.Username) || string.IsNullOrEmpty(request.Password))
            return Problems.CredentialsMissing();

        var key = User.NameKey(request.Username);
        var address = http.Connection.RemoteIpAddress?.ToString() ?? "";
        if (throttle.Wait(key, address) is { Ticks: > 0 } wait)
        {
            var seconds = (int)Math.Ceiling(wait.TotalSeconds);
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            return Problems.TooManyAttempts(seconds);
        }

        if (await passwords.FindAsync(request.Username, request.Password, cancellationToken) is not { } user)
        {
            throttle.Failed(key, address);
            return Problems.WrongCredentials();
        }

        throttle.Succeeded(key, address);
        var info = (await FindAsync(db, user.Id, cancellationToken))!;
        var token = tokens.Issue(info.UserId, info.Username, info.Tenant, info.Roles, user.Groups);
        var lifetime = token.ExpiresAt - time.GetUtcNow();
        return TypedResults.Ok(new LoginResponse(token.Value, "bearer", (int)Math.Ceiling(lifetime.TotalSeconds), info));
    }

    private static async Task<Results<Ok<UserInfo>, ProblemHttpResult>> MeAsync(
        Caller caller,
        MefapexDb db,
        CancellationToken cancellationToken) =>
        await FindAsync(db, caller.UserId, cancellationToken) is { } info
            ? TypedResults.Ok(info)
            : Problems.AccountGone();

    private static async Task<UserInfo?> FindAsync(MefapexDb db, Guid userId, CancellationToken cancellationToken)
    {
        var found = await (
            from user in db.Users
            where user.Id == userId
            join tenant in db.Tenants on user.TenantId equals tenant.Id into tenants
            from tenant in tenants.DefaultIfEmpty()
            select new { User = user, Tenant = tenant })
            .AsNoTracking()
            .SingleOrDefaultAsync(cancellationToken);
        return found is null
            ? null
            : new(
                found.User.Username,
                found.User.Id.ToString(),
                found.User.FullName,
                found.User.Email,
                found.Tenant?.Slug,
                found.Tenant?.Name,
                found.User.Roles);
    }
}
