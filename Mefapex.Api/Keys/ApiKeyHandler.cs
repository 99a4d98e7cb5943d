using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Mefapex.Api.Http;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Keys;

/// <summary>Takes an API key for a principal with a tenant, scopes and no person.</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    KeyDirectory keys,
    KeyGuesses guesses,
    KeyUses uses) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (ShownKey.In(Request) is not { } secret)
            return AuthenticateResult.NoResult();
        try
        {
            var key = await CheckAsync(secret);
            uses.Note(key.Id);
            return AuthenticateResult.Success(new(new ClaimsPrincipal(IdentityOf(key)), Scheme.Name));
        }
        catch (KeyRefusedException refused)
        {
            return AuthenticateResult.Fail(refused);
        }
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var refused = (await HandleAuthenticateOnceSafeAsync()).Failure as KeyRefusedException
            ?? new KeyRefusedException(KeyRefusal.Invalid);
        switch (refused.Refusal)
        {
            case KeyRefusal.Unchecked:
                await DatabaseOutage.AnswerAsync(Context);
                break;
            case KeyRefusal.TooManyGuesses:
                var seconds = (int)Math.Ceiling(refused.RetryAfter.TotalSeconds);
                Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                await KeyProblems.TooManyGuesses(seconds).ExecuteAsync(Context);
                break;
            default:
                Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
                await KeyProblems.Refused(refused.Refusal).ExecuteAsync(Context);
                break;
        }
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        KeyGate.ForbiddenFor(Context).ExecuteAsync(Context);

    private async Task<KnownKey> CheckAsync(string secret)
    {
        var address = Context.Connection.RemoteIpAddress;
        var cancellationToken = Context.RequestAborted;
        if (!KeySecret.IsWellFormed(secret))
            throw await guesses.WrongAsync(address, cancellationToken);
        var hash = KeySecret.HashOf(secret);
        if (!keys.Knows(hash))
            guesses.ThrowIfTooMany(address);
        if (await keys.FindAsync(hash, cancellationToken) is not { } key)
            throw await guesses.WrongAsync(address, cancellationToken);

        if (key.IsRevoked)
            throw new KeyRefusedException(KeyRefusal.Revoked);
        if (key.ExpiresAt <= TimeProvider.GetUtcNow())
            throw new KeyRefusedException(KeyRefusal.Expired);
        if (key.IsSuspended)
            throw new KeyRefusedException(KeyRefusal.TenantSuspended);
        return key.IsFrom(address) ? key : throw new KeyRefusedException(KeyRefusal.WrongNetwork);
    }

    private ClaimsIdentity IdentityOf(KnownKey key) => new(
        [
            new(TokenClaims.ApiKey, key.Id.ToString()),
            new(TokenClaims.Tenant, key.Tenant),
            new(TokenClaims.Name, key.Name),
            .. key.Scopes.Select(scope => new Claim(TokenClaims.Scope, scope)),
        ],
        Scheme.Name,
        TokenClaims.Name,
        TokenClaims.Role);
}

/// <summary>Where callers put a key: in <c>Authorization: Bearer</c>, else in <see cref="Header"/>.</summary>
internal static class ShownKey
{
    public const string Header = "X-Api-Key";
    private const string Bearer = "Bearer ";

    /// <returns>Null where there is none; else what was shown, be it a key or not.</returns>
    public static string? In(HttpRequest request)
    {
        if (request.Headers.Authorization.ToString() is { Length: > 0 } authorization)
        {
            return authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
                && authorization.AsSpan(Bearer.Length).TrimStart().StartsWith(KeySecret.Prefix, StringComparison.Ordinal)
                    ? authorization[Bearer.Length..].Trim()
                    : null;
        }

        return request.Headers.TryGetValue(Header, out var shown) ? shown.ToString().Trim() : null;
    }
}
