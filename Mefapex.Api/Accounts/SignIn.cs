using System.Globalization;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
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
    Sessions sessions,
    IAuditLog audit)
{
    /// <returns>Either the tokens or the problem.</returns>
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

        var signedIn = await sessions.StartAsync(user, http, cancellationToken);
        await audit.RecordAsync(
            new(AuditVerbs.SignedIn, user.TenantId, AuditSubject.User(user.Id)) { Actor = AuditActor.User(user.Id, user.Username) },
            cancellationToken);
        return (signedIn, null);
    }

    /// <summary>Whose the name and the password are, with failures counted.</summary>
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

                await throttle.SucceededAsync(key, cancellationToken);
                return user.DisabledAt is null ? (user, null) : (null, AccountProblems.AccountDisabled());
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
