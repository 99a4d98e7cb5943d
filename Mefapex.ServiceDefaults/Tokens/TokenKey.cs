using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Mefapex.ServiceDefaults;

internal static class TokenKey
{
    /// <summary>The key with an id of its own, so that a token says which key signed it without saying the key.</summary>
    public static SymmetricSecurityKey Of(TokenOptions options)
    {
        var secret = Encoding.UTF8.GetBytes(options.SigningKey);
        return new SymmetricSecurityKey(secret) { KeyId = Convert.ToHexStringLower(SHA256.HashData(secret)[..8]) };
    }
}
