using System.IdentityModel.Tokens.Jwt;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Mefapex.ServiceDefaults;

/// <summary>An access token and the moment it ends.</summary>
public sealed record AccessToken(string Value, DateTimeOffset ExpiresAt);

/// <summary>Names of the claims in an access token, short as in the token itself.</summary>
public static class TokenClaims
{
    /// <summary>The account's id.</summary>
    public const string Subject = "sub";

    /// <summary>The name the person signs in with.</summary>
    public const string Name = "name";

    /// <summary>The tenant's slug.</summary>
    public const string Tenant = "tenant";

    /// <summary>The id of the API key that somebody signed in with.</summary>
    public const string ApiKey = "api_key";

    /// <summary>One of the permissions of the API key; may occur several times.</summary>
    public const string Scope = "scope";

    /// <summary>One of the account's roles; may occur several times.</summary>
    public const string Role = "role";

    /// <summary>One of the groups the person is in; may occur several times.</summary>
    public const string Group = "group";

    /// <summary>The id of the session that the token was issued for; a token of a session that is over is refused.</summary>
    public const string Session = "sid";
}

/// <summary>Makes the tokens that <see cref="TokenExtensions.AddTokenChecks"/> accepts.</summary>
public sealed class TokenIssuer(TokenKeys keys, IOptions<TokenOptions> options, TimeProvider time)
{
    private readonly JwtSecurityTokenHandler _handler = new();

    /// <summary>A token for an account; ES256, with <c>kid</c>, <c>jti</c>, <c>iat</c>, <c>nbf</c> and <c>exp</c>.</summary>
    /// <param name="subject">The account's id.</param>
    /// <param name="name">The name the person signs in with.</param>
    /// <param name="tenant">The tenant's slug; null for a platform operator, who has none.</param>
    /// <param name="session">The session that the token ends with.</param>
    public async ValueTask<AccessToken> IssueAsync(
        string subject,
        string name,
        string? tenant,
        IEnumerable<string> roles,
        IEnumerable<string>? groups = null,
        Guid? session = null,
        CancellationToken cancellationToken = default)
    {
        var key = await keys.SigningAsync(cancellationToken);
        var now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        var end = now.AddMinutes(options.Value.LifetimeMinutes);
        var payload = new JwtPayload
        {
            ["iss"] = options.Value.Issuer,
            ["aud"] = options.Value.Audience,
            ["jti"] = Guid.CreateVersion7(now).ToString("N"),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = end.ToUnixTimeSeconds(),
            [TokenClaims.Subject] = subject,
            [TokenClaims.Name] = name,
            [TokenClaims.Role] = roles.ToArray(),
        };
        if (tenant is not null)
            payload[TokenClaims.Tenant] = tenant;
        if (groups?.ToArray() is { Length: > 0 } named)
            payload[TokenClaims.Group] = named;
        if (session is { } id)
            payload[TokenClaims.Session] = id.ToString();
        var header = new JwtHeader(new SigningCredentials(key.Security, SecurityAlgorithms.EcdsaSha256));
        return new AccessToken(_handler.WriteToken(new JwtSecurityToken(header, payload)), end);
    }
}
