using Microsoft.AspNetCore.Components.Authorization;

namespace Mefapex.Web.Accounts;

/// <summary>The session of the person whom this request or circuit serves.</summary>
internal sealed class CurrentSession(AuthenticationStateProvider authentication, SessionStore sessions)
{
    /// <summary>The API token, or null when nobody is signed in or the session has ended meanwhile.</summary>
    public async Task<string?> GetTokenAsync(CancellationToken cancellationToken)
    {
        var person = (await authentication.GetAuthenticationStateAsync()).User;
        return person.FindFirst(SessionStore.KeyClaim)?.Value is { } key
            ? await sessions.TokenOfAsync(key, cancellationToken)
            : null;
    }
}
