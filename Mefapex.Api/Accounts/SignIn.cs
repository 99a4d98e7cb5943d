using System.Globalization;
using Mefapex.Api.Accounts.SecondFactors;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts;

/// <summary>Checks who somebody is and opens a session, whichever way the tokens travel.</summary>
internal sealed class SignIn(
    MefapexDb db,
    Passwords passwords,
    PasswordCheck check,
    SignInThrottle throttle,
    SecondFactorCodes factors,
    SignInChallenges challenges,
    Sessions sessions,
    RequestTenant tenants,
    IAuditLog audit)
{
    /// <summary>Signs in by name, password and, where the account takes one, a code.</summary>
    /// <returns>Either the tokens or the problem; where only the code is missing, the problem carries a challenge.</returns>
    public async Task<(SignedIn? SignedIn, ProblemHttpResult? Problem)> TryAsync(
        LoginRequest request,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(request.Username) || string.IsNullOrEmpty(request.Password))
            return (null, Problems.CredentialsMissing());
        var (user, problem) = await CheckAsync(request.Username, request.Password, http, cancellationToken);
        if (user is null)
            return (null, problem);
        if (await factors.IsOnAsync(user.Id, cancellationToken))
        {
            if (string.IsNullOrWhiteSpace(request.Code))
                return (null, AccountProblems.SecondFactorRequired(challenges.For(user), SignInChallenges.Lifetime));
            if (await CheckCodeAsync(user, request.Code, http, cancellationToken) is { } wrong)
                return (null, wrong);
        }

        return (await StartAsync(user, http, cancellationToken), null);
    }

    /// <summary>The second step of a sign-in whose password was right.</summary>
    /// <returns>Either the tokens or the problem.</returns>
    public async Task<(SignedIn? SignedIn, ProblemHttpResult? Problem)> ContinueAsync(
        SecondFactorSignIn request,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var challenge = request.Challenge ?? "";
        var user = challenges.AccountOf(challenge) is { } id
            ? await db.Users.SingleOrDefaultAsync(u => u.Id == id, cancellationToken)
            : null;
        if (user is null || !challenges.Holds(challenge, user) || !check.MaySignIn(user))
            return (null, AccountProblems.ChallengeInvalid());
        if (await RefusalAsync(user, http, cancellationToken) is { } refusal)
            return (null, refusal);
        return await CheckCodeAsync(user, request.Code ?? "", http, cancellationToken) is { } wrong
            ? (null, wrong)
            : (await StartAsync(user, http, cancellationToken), null);
    }

    /// <summary>
    /// Whose the name and the password are, with failures counted. A right password forgets none of them: where a code
    /// follows, it would buy further guesses at the code.
    /// </summary>
    /// <exception cref="PasswordsBusyException">Too many wait already.</exception>
    public async Task<(User? User, ProblemHttpResult? Problem)> CheckAsync(
        string username,
        string password,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var key = User.NameKey(username);
        var address = http.Connection.RemoteIpAddress?.ToString() ?? "";
        if (await throttle.WaitAsync(key, address, cancellationToken) is { Ticks: > 0 } wait)
            return (null, TooMany(http, wait));

        return await passwords.InTurnAsync<(User?, ProblemHttpResult?)>(
            key,
            async () =>
            {
                // Guesses that came all at once are counted by now.
                if (await throttle.WaitAsync(key, address, cancellationToken) is { Ticks: > 0 } counted)
                    return (null, TooMany(http, counted));
                if (await check.FindAsync(username, password, cancellationToken) is not { } user)
                {
                    await FailedAsync(key, address, cancellationToken);
                    return (null, Problems.WrongCredentials());
                }

                return await RefusalAsync(user, http, cancellationToken) is { } refusal ? (null, refusal) : (user, null);
            },
            cancellationToken);
    }

    /// <summary>Takes a code of the account's app or a recovery code; wrong ones count as wrong passwords do.</summary>
    /// <returns>Null where the code is right.</returns>
    /// <exception cref="PasswordsBusyException">Too many wait already.</exception>
    public async Task<ProblemHttpResult?> CheckCodeAsync(User user, string code, HttpContext http, CancellationToken cancellationToken)
    {
        var address = http.Connection.RemoteIpAddress?.ToString() ?? "";
        return await passwords.InTurnAsync(
            user.Username,
            async () =>
            {
                if (await throttle.WaitAsync(user.Username, address, cancellationToken) is { Ticks: > 0 } wait)
                    return TooMany(http, wait);
                if (await factors.UseAsync(user.Id, code, cancellationToken) is not { } kind)
                {
                    await FailedAsync(user.Username, address, cancellationToken);
                    return AccountProblems.SecondFactorWrong();
                }

                if (kind == CodeKind.Recovery)
                {
                    await audit.RecordAsync(
                        new(AuditVerbs.RecoveryCodeUsed, user.TenantId, AuditSubject.User(user.Id))
                        {
                            Actor = AuditActor.User(user.Id, user.Username),
                        },
                        cancellationToken);
                }

                return null;
            },
            cancellationToken);
    }

    /// <summary>Answers 429 with the time to wait.</summary>
    public static ProblemHttpResult TooMany(HttpContext http, TimeSpan wait)
    {
        var seconds = (int)Math.Ceiling(wait.TotalSeconds);
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problems.TooManyAttempts(seconds);
    }

    private async Task<SignedIn> StartAsync(User user, HttpContext http, CancellationToken cancellationToken)
    {
        await throttle.SucceededAsync(user.Username, cancellationToken);
        var signedIn = await sessions.StartAsync(user, http, cancellationToken);
        await audit.RecordAsync(
            new(AuditVerbs.SignedIn, user.TenantId, AuditSubject.User(user.Id)) { Actor = AuditActor.User(user.Id, user.Username) },
            cancellationToken);
        return signedIn;
    }

    /// <summary>Why somebody whose password is right is not let in.</summary>
    public async Task<ProblemHttpResult?> RefusalAsync(User user, HttpContext http, CancellationToken cancellationToken) =>
        user.DisabledAt is not null
            ? AccountProblems.AccountDisabled()
            : user.TenantId is { } id
                ? await tenants.RefusalAsync(await db.Tenants.AsNoTracking().SingleAsync(t => t.Id == id, cancellationToken), http)
                : null;

    /// <summary>Takes the same steps whether there is such an account or not.</summary>
    private async Task FailedAsync(string key, string address, CancellationToken cancellationToken)
    {
        var locks = await throttle.FailedAsync(key, address, cancellationToken);
        var name = key.Replace("\0", "", StringComparison.Ordinal);
        var known = await db.Users.Where(u => u.Username == name)
            .Select(u => new { u.Id, u.TenantId })
            .SingleOrDefaultAsync(cancellationToken);
        await audit.RecordAsync(
            new(
                locks ? AuditVerbs.AccountLocked : AuditVerbs.SignInFailed,
                known?.TenantId,
                known is null ? new("user", "unknown") : AuditSubject.User(known.Id))
            {
                Actor = AuditActor.Anonymous,
            },
            cancellationToken);
    }
}
