using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mefapex.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts.OpenId;

/// <summary>What one browser's way to the provider and back is bound to.</summary>
/// <param name="Verifier">The secret of PKCE (RFC 7636).</param>
internal sealed record OpenIdAttempt(string State, string Nonce, string Verifier, string ReturnUrl, DateTimeOffset EndsAt)
{
    public static OpenIdAttempt New(string returnUrl, DateTimeOffset endsAt) =>
        new(OpaqueToken.New(), OpaqueToken.New(), OpaqueToken.New(), returnUrl, endsAt);

    public string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
}

/// <summary>Keeps the attempt in the browser's cookie, sealed.</summary>
internal sealed class OpenIdAttempts(IOptions<TokenOptions> options, TimeProvider time)
{
    private const string Cookie = "openid_attempt";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly SecretBox _box = new(options.Value, "openid-attempts");

    public OpenIdAttempt Begin(HttpResponse response, string returnUrl)
    {
        var attempt = OpenIdAttempt.New(returnUrl, time.GetUtcNow() + Lifetime);
        var box = _box.Seal(JsonSerializer.SerializeToUtf8Bytes(attempt), Cookie);
        response.Cookies.Append(Cookie, Base64Url.EncodeToString(box), Options(attempt.EndsAt));
        return attempt;
    }

    /// <returns>The attempt of this state, which is over then; null where the browser has none.</returns>
    public OpenIdAttempt? End(HttpContext http, string? state)
    {
        if (http.Request.Cookies[Cookie] is not { Length: > 0 } kept || !Base64Url.IsValid(kept))
            return null;
        http.Response.Cookies.Delete(Cookie, Options(expires: null));
        return _box.Open(Base64Url.DecodeFromChars(kept), Cookie) is { } json
            && JsonSerializer.Deserialize<OpenIdAttempt>(json) is { } attempt
            && attempt.EndsAt > time.GetUtcNow()
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(attempt.State), Encoding.UTF8.GetBytes(state ?? ""))
            ? attempt
            : null;
    }

    // Lax: the provider's page leads back here, and with Strict the browser would send nothing then.
    private static CookieOptions Options(DateTimeOffset? expires) => new()
    {
        Path = OpenIdEndpoints.Path,
        Expires = expires,
        HttpOnly = true,
        Secure = true,
        SameSite = SameSiteMode.Lax,
        IsEssential = true,
    };
}
