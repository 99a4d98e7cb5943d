using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Mefapex.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts.SecondFactors;

/// <summary>
/// Says that somebody has given the right password of an account and is to give a code next, and nothing else. It is sealed
/// rather than kept, and ends with the password that was given.
/// </summary>
internal sealed class SignInChallenges(IOptions<TokenOptions> options, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private const int GuidBytes = 16;
    private const int MarkBytes = 16;
    private const int PlainBytes = GuidBytes + sizeof(long) + MarkBytes;
    private const string Owner = "challenge";

    private readonly SecretBox _box = new(options.Value, "sign-in-challenges");

    public string For(User user)
    {
        Span<byte> plain = stackalloc byte[PlainBytes];
        user.Id.TryWriteBytes(plain);
        BinaryPrimitives.WriteInt64BigEndian(plain[GuidBytes..], (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds());
        MarkOf(user).CopyTo(plain[(GuidBytes + sizeof(long))..]);
        return Base64Url.EncodeToString(_box.Seal(plain, Owner));
    }

    /// <returns>The account; null where the challenge is none of ours or its time is over.</returns>
    public Guid? AccountOf(string challenge) => Open(challenge) is { } plain ? new Guid(plain.AsSpan(0, GuidBytes)) : null;

    /// <summary>Whether the challenge was given for the user's present password.</summary>
    public bool Holds(string challenge, User user) =>
        Open(challenge) is { } plain && plain.AsSpan(GuidBytes + sizeof(long)).SequenceEqual(MarkOf(user));

    private static ReadOnlySpan<byte> MarkOf(User user) => SHA256.HashData(Encoding.UTF8.GetBytes(user.PasswordHash)).AsSpan(0, MarkBytes);

    private byte[]? Open(string challenge) =>
        Base64Url.IsValid(challenge)
        && _box.Open(Base64Url.DecodeFromChars(challenge), Owner) is { Length: PlainBytes } plain
        && time.GetUtcNow().ToUnixTimeSeconds() < BinaryPrimitives.ReadInt64BigEndian(plain.AsSpan(GuidBytes))
            ? plain
            : null;
}
