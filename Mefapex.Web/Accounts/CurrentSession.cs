using Microsoft.AspNetCore.Components.Authorization;

namespace Mefapex.Web.Accounts;

/// <summary>The session of the person whom this request or circuit serves.</summary>
internal sealed class CurrentSession(AuthenticationStateProvider authentication, SessionStore sessions)
{
    /// <summary>The API token, or null when nobody is signed in or the session has ended meanwhile.</summary>
    public async Task<string?> GetTokenAsync() =>
        await GetKeyAsync() is { } key ? await sessions.TokenOfAsync(key, CancellationToken.None) : null;

    /// <summary>Forgets the session, so that its cookie no longer signs anyone in.</summary>
    public async Task EndAsync()
    {
        if (await GetKeyAsync() is { } key)
            await sessions.RemoveAsync(key);
    }

    private async Task<string?> GetKeyAsync() =>
        (await authentication.GetAuthenticationStateAsync()).User.FindFirst(SessionStore.KeyClaim)?.Value;
}
