using System.Security.Claims;
using Mefapex.ServiceDefaults;

namespace Mefapex.Api.Accounts;

/// <summary>The signed-in person as the token says; null as a handler's parameter when nobody is signed in.</summary>
/// <param name="Tenant">The tenant's slug; null for the platform operator.</param>
/// <param name="Session">The session that the token belongs to.</param>
internal sealed record Caller(
    Guid UserId,
    string Username,
    string? Tenant,
    IReadOnlyList<string> Roles,
    IReadOnlyList<string> Groups,
    Guid? Session = null)
{
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(From(context.User));

    public static Caller? From(ClaimsPrincipal user) =>
        user.Identity is { IsAuthenticated: true } && Guid.TryParse(user.FindFirstValue(TokenClaims.Subject), out var id)
            ? new(
                id,
                user.FindFirstValue(TokenClaims.Name) ?? "",
                user.FindFirstValue(TokenClaims.Tenant),
                [.. user.FindAll(TokenClaims.Role).Select(c => c.Value)],
                [.. user.FindAll(TokenClaims.Group).Select(c => c.Value)],
                Guid.TryParse(user.FindFirstValue(TokenClaims.Session), out var session) ? session : null)
            : null;
}
