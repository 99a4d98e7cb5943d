using System.Numerics;

namespace Mefapex.Inference.Tokenizers;

/// <summary>
/// The tokens of a vocabulary by their characters. An edge lies in an open-addressing table under its parent node and
/// character; the node it leads to is named by the place where it lies.
/// </summary>
internal sealed class VocabularyTrie
{
    /// <summary>The node of the empty token.</summary>
    public const int Root = 0;

    /// <summary>No node, no token.</summary>
    public const int None = -1;

    private readonly long[] _edges;
    private readonly int[] _ids;
    private readonly int _shift;

    /// <summary>Of tokens.</summary>
    /// <param name="tokens">Each with its id; of equal ones the last counts.</param>
    public VocabularyTrie(IReadOnlyCollection<KeyValuePair<string, int>> tokens)
    {
        var capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, CountNodes(tokens) * 3 / 2));
        _shift = 64 - BitOperations.Log2((uint)capacity);
        _edges = new long[capacity];
        _ids = new int[capacity];
        Array.Fill(_ids, None);
        foreach (var (token, id) in tokens)
        {
            var node = Root;
            foreach (var c in token)
            {
                var key = KeyOf(node, c);
                var slot = FindSlot(key);
                _edges[slot] = key;
                node = slot + 1;
            }

            if (node != Root)
                _ids[node - 1] = id;
        }
    }

    /// <summary>The node behind a character, or <see cref="None"/>.</summary>
    public int Child(int node, char c)
    {
        var slot = FindSlot(KeyOf(node, c));
        return _edges[slot] == 0 ? None : slot + 1;
    }

    /// <summary>The token that ends at a node, or <see cref="None"/>.</summary>
    public int IdAt(int node) => node == Root ? None : _ids[node - 1];

    /// <summary>The node behind several characters, or <see cref="None"/>.</summary>
    public int Find(ReadOnlySpan<char> text)
    {
        var node = Root;
        for (var i = 0; i < text.Length && node != None; i++)
            node = Child(node, text[i]);
        return node;
    }

    private static long KeyOf(int node, char c) => (((long)node << 16) | c) + 1;

    private int FindSlot(long key)
    {
        var slot = (int)(unchecked((ulong)key * 0x9E3779B97F4A7C15) >> _shift);
        while (_edges[slot] != 0 && _edges[slot] != key)
            slot = (slot + 1) & (_edges.Length - 1);
        return slot;
    }

    private static int CountNodes(IReadOnlyCollection<KeyValuePair<string, int>> tokens)
    {
        var sorted = tokens.Select(token => token.Key).ToArray();
        Array.Sort(sorted, StringComparer.Ordinal);
        var nodes = 0;
        var before = "";
        foreach (var token in sorted)
        {
            nodes += token.Length - token.AsSpan().CommonPrefixLength(before);
            before = token;
        }

        return nodes;
    }
}
