using System.Globalization;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts;

/// <summary>A new password, by the old one or by a token that was mailed.</summary>
internal static class PasswordEndpoints
{
    public static void MapPasswords(this RouteGroupBuilder accounts)
    {
        var passwords = accounts.MapGroup("/api/v1/account").LimitedAs(LimitKind.SignIn);
        passwords.MapPost("/password", ChangeAsync).Requires(Policies.Account);
        passwords.MapPost("/password-reset", RequestResetAsync).AllowAnonymous();
        passwords.MapPost("/password-reset/confirm", ConfirmResetAsync).AllowAnonymous();
    }

    /// <summary>Ends every session but the one that asks.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> ChangeAsync(
        PasswordChange change,
        Caller caller,
        HttpContext http,
        SignIn signIn,
        Passwords passwords,
        Sessions sessions,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(change.CurrentPassword))
            return AccountProblems.CurrentPasswordWrong();
        var (user, problem) = await signIn.CheckAsync(caller.Username, change.CurrentPassword, http, cancellationToken);
        if (user is null)
            return problem is { StatusCode: StatusCodes.Status429TooManyRequests } ? problem : AccountProblems.CurrentPasswordWrong();
        if (PasswordRules.Check(change.NewPassword, user.Username) is { } unfit)
            return unfit;

        user.PasswordHash = await passwords.HashAsync(user, change.NewPassword!, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await db.PasswordResets.Where(r => r.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await sessions.EndAsync(
            db.Sessions.Where(s => s.UserId == user.Id && s.Id != caller.Session), SessionEnd.PasswordChanged, cancellationToken);
        await audit.RecordAsync(new(AuditVerbs.PasswordChanged, user.TenantId, AuditSubject.User(user.Id)), cancellationToken);
        return TypedResults.NoContent();
    }

    /// <summary>The answer is the same, and as fast, whether there is such an account or not: the work is done after it.</summary>
    private static Accepted<AccountMessage> RequestResetAsync(PasswordResetRequest request, PasswordResetQueue queue)
    {
        queue.Add(request.Username, request.Email, CultureInfo.CurrentUICulture);
        return TypedResults.Accepted((string?)null, new AccountMessage(Success: true, AccountProblems.Text("reset-requested")));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ConfirmResetAsync(
        PasswordResetConfirmation confirmation,
        Passwords passwords,
        Sessions sessions,
        MefapexDb db,
        IAuditLog audit,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var hash = OpaqueToken.HashOf(confirmation.Token ?? "");
        var now = time.GetUtcNow();
        var user = await (
            from reset in db.PasswordResets
            where reset.Hash == hash && reset.ExpiresAt > now
            join owner in db.Users on reset.UserId equals owner.Id
            select owner).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (user is null)
            return AccountProblems.ResetTokenInvalid();
        if (PasswordRules.Check(confirmation.NewPassword, user.Username) is { } unfit)
            return unfit;

        var newHash = await passwords.HashAsync(user, confirmation.NewPassword!, cancellationToken);
        var changed = await db.InTransactionAsync(
            async () =>
            {
                // Who deletes the row has used the token; a second one finds none.
                if (await db.PasswordResets.Where(r => r.Hash == hash).ExecuteDeleteAsync(cancellationToken) == 0)
                    return false;
                await db.PasswordResets.Where(r => r.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
                await db.Users.Where(u => u.Id == user.Id)
                    .ExecuteUpdateAsync(set => set.SetProperty(u => u.PasswordHash, newHash), cancellationToken);
                await sessions.EndAsync(db.Sessions.Where(s => s.UserId == user.Id), SessionEnd.PasswordChanged, cancellationToken);
                await audit.RecordAsync(
                    new(AuditVerbs.PasswordReset, user.TenantId, AuditSubject.User(user.Id)) { Actor = AuditActor.User(user.Id, user.Username) },
                    cancellationToken);
                return true;
            },
            cancellationToken);
        return changed ? TypedResults.NoContent() : AccountProblems.ResetTokenInvalid();
    }
}
