using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mefapex.Inference.Embedding;

namespace Mefapex.Inference.Serving;

/// <summary>
/// The vectors used last, by model, role and text. Texts are kept as 128 bits of their sha256 only, so that the cache
/// holds nothing readable and an entry's size does not depend on its text.
/// </summary>
public sealed class VectorCache
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _hits;
    private long _misses;

    /// <summary>An empty cache.</summary>
    /// <param name="capacity">Most vectors that are kept; 0 for no cache.</param>
    public VectorCache(int capacity) => Capacity = capacity;

    /// <summary>Most vectors that are kept.</summary>
    public int Capacity { get; }

    /// <summary>Whether anything is kept.</summary>
    public bool Enabled => Capacity > 0;

    /// <summary>How it is used.</summary>
    public VectorCacheStatus Status
    {
        get
        {
            lock (_gate)
                return new VectorCacheStatus(_entries.Count, _hits, _misses);
        }
    }

    /// <summary>Forgets all vectors; the counts of hits and misses go on.</summary>
    /// <returns>How many there were.</returns>
    public int Clear()
    {
        lock (_gate)
        {
            var count = _entries.Count;
            _entries.Clear();
            _entries.TrimExcess();
            _byUse.Clear();
            return count;
        }
    }

    internal static UInt128 KeyOf(string modelHash, TextRole role, string text)
    {
        var length = modelHash.Length + 1 + text.Length;
        var rented = ArrayPool<char>.Shared.Rent(length);
        try
        {
            modelHash.CopyTo(rented);
            rented[modelHash.Length] = (char)role;
            text.CopyTo(rented.AsSpan(modelHash.Length + 1));
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(MemoryMarshal.AsBytes(rented.AsSpan(0, length)), hash);
            return MemoryMarshal.Read<UInt128>(hash);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }

    internal bool TryGet(UInt128 key, out float[]? vector, out int tokens)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out var node))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                _hits++;
                (vector, tokens) = (node.Value.Vector, node.Value.Tokens);
                return true;
            }

            _misses++;
            (vector, tokens) = (null, 0);
            return false;
        }
    }

    internal void Add(UInt128 key, float[] vector, int tokens)
    {
        lock (_gate)
        {
            if (_entries.ContainsKey(key))
                return;
            if (_entries.Count >= Capacity)
            {
                _entries.Remove(_byUse.Last!.Value.Key);
                _byUse.RemoveLast();
            }

            _entries[key] = _byUse.AddFirst(new Entry(key, vector, tokens));
        }
    }

    private sealed record Entry(UInt128 Key, float[] Vector, int Tokens);
}

/// <summary>How a cache of vectors is used.</summary>
/// <param name="Entries">Vectors kept now.</param>
/// <param name="Hits">Texts found since the start.</param>
/// <param name="Misses">Texts not found since the start.</param>
public sealed record VectorCacheStatus(int Entries, long Hits, long Misses);
