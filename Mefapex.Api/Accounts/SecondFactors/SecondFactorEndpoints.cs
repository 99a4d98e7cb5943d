using Mefapex.Api.Accounts.Administration;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts.SecondFactors;

/// <summary>Setting up a code of an authenticator app as the second factor, and doing without it again.</summary>
internal static class SecondFactorEndpoints
{
    /// <summary>What apps call the account's place.</summary>
    private const string Issuer = "Mefapex";

    public static void AddSecondFactors(this IServiceCollection services)
    {
        services.AddScoped<SecondFactorCodes>();
        services.AddSingleton<SignInChallenges>();
    }

    public static void MapSecondFactors(this RouteGroupBuilder accounts)
    {
        var own = accounts.MapGroup("/api/v1/account/second-factor").Requires(Policies.Account).LimitedAs(LimitKind.SignIn);
        own.MapGet("", ReadAsync);
        own.MapPost("", StartAsync);
        own.MapPost("/confirm", ConfirmAsync);
        own.MapPost("/recovery-codes", RenewAsync);
        own.MapPost("/disable", DisableAsync);
    }

    public static void MapSecondFactorReset(this RouteGroupBuilder accounts) =>
        accounts.MapDelete("/api/v1/admin/users/{id:guid}/second-factor", ResetAsync).Requires(Policies.Users).ForTenant();

    private static async Task<Ok<SecondFactorState>> ReadAsync(Caller caller, MefapexDb db, CancellationToken cancellationToken)
    {
        var confirmed = await db.SecondFactors.Where(f => f.UserId == caller.UserId)
            .Select(f => f.ConfirmedAt)
            .SingleOrDefaultAsync(cancellationToken);
        var left = await db.RecoveryCodes.CountAsync(c => c.UserId == caller.UserId, cancellationToken);
        return TypedResults.Ok(new SecondFactorState(confirmed is not null, confirmed, left));
    }

    /// <summary>Needs the password, so that a session left open locks nobody out.</summary>
    private static async Task<Results<Ok<SecondFactorSecret>, ProblemHttpResult>> StartAsync(
        SecondFactorStart request,
        Caller caller,
        HttpContext http,
        SignIn signIn,
        SecondFactorCodes factors,
        CancellationToken cancellationToken)
    {
        var (user, problem) = await PasswordAsync(request.Password, caller, http, signIn, cancellationToken);
        if (user is null)
            return problem!;
        return await factors.StartAsync(user, cancellationToken) is { } secret
            ? TypedResults.Ok(new SecondFactorSecret(Totp.Base32(secret), Totp.UriOf(secret, Issuer, user.Username)))
            : AccountProblems.SecondFactorOn();
    }

    private static async Task<Results<Ok<RecoveryCodeList>, ProblemHttpResult>> ConfirmAsync(
        SecondFactorConfirmation request,
        Caller caller,
        SecondFactorCodes factors,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == caller.UserId, cancellationToken) is not { } user)
            return Problems.AccountGone();
        var codes = await db.InTransactionAsync(
            async () =>
            {
                var made = await factors.ConfirmAsync(user, request.Code ?? "", cancellationToken);
                if (made is not null)
                {
                    await audit.RecordAsync(
                        new(AuditVerbs.SecondFactorEnabled, user.TenantId, AuditSubject.User(user.Id)), cancellationToken);
                }

                return made;
            },
            cancellationToken);
        return codes is null ? AccountProblems.SecondFactorNotConfirmed() : TypedResults.Ok(new RecoveryCodeList(codes));
    }

    private static async Task<Results<Ok<RecoveryCodeList>, ProblemHttpResult>> RenewAsync(
        SecondFactorProof proof,
        Caller caller,
        HttpContext http,
        SignIn signIn,
        SecondFactorCodes factors,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        var (user, problem) = await ProveAsync(proof, caller, http, signIn, factors, cancellationToken);
        if (user is null)
            return problem!;
        return TypedResults.Ok(new RecoveryCodeList(await db.InTransactionAsync(
            async () =>
            {
                var codes = await factors.RenewRecoveryCodesAsync(user, cancellationToken);
                await audit.RecordAsync(new(AuditVerbs.RecoveryCodesRenewed, user.TenantId, AuditSubject.User(user.Id)), cancellationToken);
                return codes;
            },
            cancellationToken)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DisableAsync(
        SecondFactorProof proof,
        Caller caller,
        HttpContext http,
        SignIn signIn,
        SecondFactorCodes factors,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        var (user, problem) = await ProveAsync(proof, caller, http, signIn, factors, cancellationToken);
        if (user is null)
            return problem!;
        await RemoveAsync(user, factors, db, audit, cancellationToken);
        return TypedResults.NoContent();
    }

    /// <summary>For somebody who has lost the app and the recovery codes.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> ResetAsync(
        Guid id,
        Caller caller,
        RequestTenant tenant,
        SecondFactorCodes factors,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        if (await db.FindUserAsync(tenant, id, cancellationToken) is not { } user)
            return AdministrationProblems.UserNotFound();
        if (!Policies.Reaches(caller.Roles, user.Roles))
            return AdministrationProblems.AccountAboveOwn();
        return await RemoveAsync(user, factors, db, audit, cancellationToken)
            ? TypedResults.NoContent()
            : AccountProblems.SecondFactorOff();
    }

    private static Task<bool> RemoveAsync(
        User user, SecondFactorCodes factors, MefapexDb db, IAuditLog audit, CancellationToken cancellationToken) =>
        db.InTransactionAsync(
            async () =>
            {
                if (!await factors.RemoveAsync(user.Id, cancellationToken))
                    return false;
                await audit.RecordAsync(new(AuditVerbs.SecondFactorDisabled, user.TenantId, AuditSubject.User(user.Id)), cancellationToken);
                return true;
            },
            cancellationToken);

    private static async Task<(User? User, ProblemHttpResult? Problem)> PasswordAsync(
        string? password, Caller caller, HttpContext http, SignIn signIn, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(password))
            return (null, AccountProblems.CurrentPasswordWrong());
        var (user, problem) = await signIn.CheckAsync(caller.Username, password, http, cancellationToken);
        return user is not null ? (user, null)
            : (null, problem is { StatusCode: StatusCodes.Status429TooManyRequests } ? problem : AccountProblems.CurrentPasswordWrong());
    }

    private static async Task<(User? User, ProblemHttpResult? Problem)> ProveAsync(
        SecondFactorProof proof,
        Caller caller,
        HttpContext http,
        SignIn signIn,
        SecondFactorCodes factors,
        CancellationToken cancellationToken)
    {
        if (!await factors.IsOnAsync(caller.UserId, cancellationToken))
            return (null, AccountProblems.SecondFactorOff());
        var (user, problem) = await PasswordAsync(proof.Password, caller, http, signIn, cancellationToken);
        if (user is null)
            return (null, problem);

        // Who is signed in is not to be taken for signed out.
        return await signIn.CheckCodeAsync(user, proof.Code ?? "", http, cancellationToken) is { } wrong
            ? (null, wrong.StatusCode == StatusCodes.Status401Unauthorized ? AccountProblems.CodeWrong() : wrong)
            : (user, null);
    }
}
