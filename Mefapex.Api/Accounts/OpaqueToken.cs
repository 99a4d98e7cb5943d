using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Mefapex.Api.Accounts;

/// <summary>Tokens that say nothing and are kept as their hash only; 256 random bits need no salt.</summary>
internal static class OpaqueToken
{
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
