using System.Security.Cryptography;
using System.Text;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// Seals what must be kept but not be read by who sees the database alone: AES-256-GCM under a key that HKDF-SHA256 draws
/// from a configured secret. Sealed bytes are a version, a nonce of 12, a tag of 16, and the ciphertext.
/// </summary>
public sealed class SecretBox
{
    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeadBytes = 1 + NonceBytes + TagBytes;

    private readonly byte[] _key;
    private readonly byte[]? _formerKey;

    /// <summary>A box under the secret of the options that opens what was sealed for the same purpose.</summary>
    public SecretBox(TokenOptions options, string purpose)
    {
        _key = KeyOf(options.SigningKey, purpose);
        _formerKey = string.IsNullOrEmpty(options.FormerSigningKey) ? null : KeyOf(options.FormerSigningKey, purpose);
    }

    /// <summary>Seals bytes so that they open only beside the same <paramref name="owner"/>, such as the id of their row.</summary>
    public byte[] Seal(ReadOnlySpan<byte> plain, string owner)
    {
        var box = new byte[HeadBytes + plain.Length];
        box[0] = Version;
        var nonce = box.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagBytes);
        aes.Encrypt(nonce, plain, box.AsSpan(HeadBytes), box.AsSpan(1 + NonceBytes, TagBytes), Encoding.UTF8.GetBytes(owner));
        return box;
    }

    /// <summary>What was sealed.</summary>
    /// <returns>Null where it was sealed under another secret, for another purpose or owner, or was changed since.</returns>
    public byte[]? Open(ReadOnlySpan<byte> box, string owner) =>
        Open(_key, box, owner) ?? (_formerKey is null ? null : Open(_formerKey, box, owner));

    private static byte[] KeyOf(string secret, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32, info: Encoding.UTF8.GetBytes($"mefapex:{purpose}"));

    private static byte[]? Open(byte[] key, ReadOnlySpan<byte> box, string owner)
    {
        if (box.Length < HeadBytes || box[0] != Version)
            return null;
        var plain = new byte[box.Length - HeadBytes];
        using var aes = new AesGcm(key, TagBytes);
        try
        {
            aes.Decrypt(
                box.Slice(1, NonceBytes), box[HeadBytes..], box.Slice(1 + NonceBytes, TagBytes), plain, Encoding.UTF8.GetBytes(owner));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
