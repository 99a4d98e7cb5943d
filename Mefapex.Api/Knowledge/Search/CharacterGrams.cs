using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Counts of a folded text's character sequences of length 3 to 5, each word padded with a space: they meet
/// across endings, compounds and typing slips.</summary>
internal static class CharacterGrams
{
    private const int Shortest = 3;
    private const int Longest = 5;

    public static Dictionary<int, int> Of(string folded)
    {
        var counts = new Dictionary<int, int>();
        var padded = $" {folded} ".AsSpan();
        for (var length = Shortest; length <= Longest; length++)
        {
            for (var start = 0; start + length <= padded.Length; start++)
            {
                var gram = padded.Slice(start, length);
                if (!gram[1..^1].Contains(' '))
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, Hash(gram), out _)++;
            }
        }

        return counts;
    }

    /// <summary>FNV-1a, so that the same text gives the same figures in every process.</summary>
    private static int Hash(ReadOnlySpan<char> gram)
    {
        var hash = 2166136261u;
        foreach (var c in gram)
            hash = (hash ^ c) * 16777619u;
        return (int)hash;
    }
}
