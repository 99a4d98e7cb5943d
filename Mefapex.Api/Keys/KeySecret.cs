using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Mefapex.Api.Keys;

/// <summary>
/// The secret of an API key: <c>mfx_</c>, 256 random bits as 43 letters and digits, and six more as a checksum, so that
/// scanners for leaked secrets (<c>mfx_[0-9A-Za-z]{49}</c>) raise no false alarms and slips of the pen cost no look-up.
/// The checksum is the first four bytes of the SHA-256 of all before it, in the same digits.
/// </summary>
internal static class KeySecret
{
    public const string Prefix = "mfx_";

    /// <summary>So much of a secret is kept, for people to tell keys apart.</summary>
    public const int ShownLength = 12;

    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomBytes = 32;
    private const int RandomDigits = 43;
    private const int ChecksumBytes = 4;
    private const int ChecksumDigits = 6;
    private const int Length = 4 + RandomDigits + ChecksumDigits;

    private static readonly SearchValues<char> AnyDigit = SearchValues.Create(Digits);

    public static string New()
    {
        var random = new BigInteger(RandomNumberGenerator.GetBytes(RandomBytes), isUnsigned: true);
        var body = Prefix + InDigits(random, RandomDigits);
        return body + ChecksumOf(body);
    }

    /// <summary>Whether it looks like a key that was made here, before anybody is asked.</summary>
    public static bool IsWellFormed(string secret) =>
        secret.Length == Length
        && secret.StartsWith(Prefix, StringComparison.Ordinal)
        && secret.AsSpan(Prefix.Length).IndexOfAnyExcept(AnyDigit) < 0
        && ChecksumOf(secret[..^ChecksumDigits]) == secret[^ChecksumDigits..];

    /// <summary>What is kept of it. Nobody can try out 256 random bits, so neither salt nor a slow hash would add anything.</summary>
    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private static string ChecksumOf(string body) =>
        InDigits(BinaryPrimitives.ReadUInt32BigEndian(HashOf(body).AsSpan(0, ChecksumBytes)), ChecksumDigits);

    private static string InDigits(BigInteger number, int length) => string.Create(length, number, static (text, rest) =>
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            rest = BigInteger.DivRem(rest, Digits.Length, out var digit);
            text[i] = Digits[(int)digit];
        }
    });
}
