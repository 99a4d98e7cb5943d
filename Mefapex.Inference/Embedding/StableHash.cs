namespace Mefapex.Inference.Embedding;

/// <summary>
/// A 64-bit hash that is the same on every machine and in every version: FNV-1a (offset 14695981039346656037, prime
/// 1099511628211) over the UTF-16 code units, low byte first, followed by the finaliser of MurmurHash3 (fmix64), which
/// spreads FNV's weak high bits.
/// </summary>
public static class StableHash
{
    /// <summary>How manifests name this hash.</summary>
    public const string Name = "fnv1a64-fmix64/utf16le";

    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    /// <summary>Hashes <paramref name="text"/>.</summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        var hash = FnvOffset;
        foreach (var c in text)
        {
            hash = (hash ^ (byte)c) * FnvPrime;
            hash = (hash ^ (byte)(c >> 8)) * FnvPrime;
        }

        return Mix(hash);
    }

    /// <summary>fmix64 of MurmurHash3: a bijection in which each input bit changes half of the output bits.</summary>
    internal static ulong Mix(ulong hash)
    {
        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccd;
        hash ^= hash >> 33;
        hash *= 0xc4ceb9fe1a85ec53;
        return hash ^ (hash >> 33);
    }
}
