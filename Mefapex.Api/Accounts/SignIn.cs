using System.Globalization;
using Mefapex.Api.Audit;
using Mefapex.Api.Http;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts;

/// <summary>Checks who somebody is and opens a session, whichever way the tokens travel.</summary>
internal sealed class SignIn(PasswordCheck passwords, SignInThrottle throttle, Sessions sessions, IAuditLog audit)
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
    public async Task<(User? User, ProblemHttpResult? Problem)> CheckAsync(
        string username,
        string password,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var key = User.NameKey(username);
        var address = http.Connection.RemoteIpAddress?.ToString() ?? "";
        if (throttle.Wait(key, address) is { Ticks: > 0 } wait)
            return (null, TooMany(http, wait));

        if (await passwords.FindAsync(username, password, cancellationToken) is not { } user)
        {
            throttle.Failed(key, address);
            return (null, Problems.WrongCredentials());
        }

        throttle.Succeeded(key, address);
        return (user, null);
    }

    /// <summary>Answers 429 with the time to wait.</summary>
    public static ProblemHttpResult TooMany(HttpContext http, TimeSpan wait)
    {
        var seconds = (int)Math.Ceiling(wait.TotalSeconds);
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problems.TooManyAttempts(seconds);
    }
}
