using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;
using Base64Url = System.Buffers.Text.Base64Url;

namespace Mefapex.ServiceDefaults;

/// <summary>A key of access tokens (ECDSA on P-256) and its times: it signs from its activation until it retires.</summary>
public sealed class TokenKey
{
    private readonly ECDsa _key;

    /// <summary>Takes the key over.</summary>
    /// <param name="endsAt">Until when its signatures count: when the last token that it signed has expired.</param>
    public TokenKey(ECDsa key, DateTimeOffset activatesAt, DateTimeOffset retiresAt, DateTimeOffset endsAt)
    {
        _key = key;
        Id = IdOf(key);
        ActivatesAt = activatesAt;
        RetiresAt = retiresAt;
        EndsAt = endsAt;

        // Kept providers share one hash object between requests.
        Security = new ECDsaSecurityKey(key)
        {
            KeyId = Id,
            CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
        };
    }

    /// <summary>The key's thumbprint (RFC 7638), which tokens name as <c>kid</c>.</summary>
    public string Id { get; }

    /// <summary>From when on it signs.</summary>
    public DateTimeOffset ActivatesAt { get; }

    /// <summary>When it stops signing.</summary>
    public DateTimeOffset RetiresAt { get; }

    /// <summary>When its signatures stop counting.</summary>
    public DateTimeOffset EndsAt { get; }

    /// <summary>The public half: X and Y on P-256.</summary>
    public ECPoint Public => _key.ExportParameters(includePrivateParameters: false).Q;

    internal ECDsaSecurityKey Security { get; }

    /// <summary>A new pair.</summary>
    public static ECDsa Generate() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The thumbprint of a key on P-256.</summary>
    public static string IdOf(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var (x, y) = (Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
        var json = $$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""";
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(json)));
    }

    /// <summary>Whether it signs at this time.</summary>
    public bool SignsAt(DateTimeOffset now) => ActivatesAt <= now && now < RetiresAt && now < EndsAt;
}
