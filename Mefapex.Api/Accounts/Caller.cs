using System.Security.Claims;
using Mefapex.ServiceDefaults;

namespace Mefapex.Api.Accounts;

/// <summary>
/// The signed-in person as the token says, or the API key that a service came with; null as a handler's parameter when nobody
/// is signed in. Keys reach only endpoints that take them, and have no <paramref name="UserId"/> to find anything by.
/// </summary>
/// <param name="Tenant">The tenant's slug; null for the platform operator.</param>
/// <param name="Session">The session that the token belongs to.</param>
/// <param name="Key">The API key; null for people.</param>
internal sealed record Caller(
    Guid UserId,
    string Username,
    string? Tenant,
    IReadOnlyList<string> Roles,
    IReadOnlyList<string> Groups,
    Guid? Session = null,
    CallerKey? Key = null)
{
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(From(context.User));

    public static Caller? From(ClaimsPrincipal user)
    {
        if (user.Identity is not { IsAuthenticated: true })
            return null;
        if (Guid.TryParse(user.FindFirstValue(TokenClaims.ApiKey), out var key))
            return OfKey(user, key);
        return Guid.TryParse(user.FindFirstValue(TokenClaims.Subject), out var id)
            ? new(
                id,
                user.FindFirstValue(TokenClaims.Name) ?? "",
                user.FindFirstValue(TokenClaims.Tenant),
                [.. user.FindAll(TokenClaims.Role).Select(c => c.Value)],
                [.. user.FindAll(TokenClaims.Group).Select(c => c.Value)],
                Guid.TryParse(user.FindFirstValue(TokenClaims.Session), out var session) ? session : null)
            : null;
    }

    /// <summary>What a key did stands under its name with a mark that no user name has.</summary>
    private static Caller OfKey(ClaimsPrincipal user, Guid id)
    {
        var name = user.FindFirstValue(TokenClaims.Name) ?? "";
        return new(
            Guid.Empty,
            $"key:{name}",
            user.FindFirstValue(TokenClaims.Tenant),
            [],
            [],
            Key: new(id, name, [.. user.FindAll(TokenClaims.Scope).Select(c => c.Value)]));
    }
}

/// <summary>An API key as whoever calls.</summary>
/// <param name="Scopes">Names of the permissions it has.</param>
internal sealed record CallerKey(Guid Id, string Name, IReadOnlyList<string> Scopes);
