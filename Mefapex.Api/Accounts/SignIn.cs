using System.Globalization;
using Mefapex.Api.Http;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts;

/// <summary>Checks who somebody is and opens a session, whichever way the tokens travel.</summary>
internal sealed class SignIn(PasswordCheck passwords, SignInThrottle throttle, Sessions sessions)
{
    /// <returns>Either the tokens or the problem.</returns>
    public async Task<(SignedIn? SignedIn, ProblemHttpResult? Problem)> TryAsync(
        LoginRequest request,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(request.Username) || string.IsNullOrEmpty(request.Password))
            return (null, Problems.CredentialsMissing());

        var key = User.NameKey(request.Username);
        var address = http.Connection.RemoteIpAddress?.ToString() ?? "";
        if (throttle.Wait(key, address) is { Ticks: > 0 } wait)
        {
            var seconds = (int)Math.Ceiling(wait.TotalSeconds);
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            return (null, Problems.TooManyAttempts(seconds));
        }

        if (await passwords.FindAsync(request.Username, request.Password, cancellationToken) is not { } user)
        {
            throttle.Failed(key, address);
            return (null, Problems.WrongCredentials());
        }

        throttle.Succeeded(key, address);
        return (await sessions.StartAsync(user, http, cancellationToken), null);
    }
}
