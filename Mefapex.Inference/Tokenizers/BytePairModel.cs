using System.Runtime.InteropServices;
using System.Text;

namespace Mefapex.Inference.Tokenizers;

/// <summary>How a byte-pair vocabulary is applied.</summary>
/// <param name="Unknown">The token of a character without one; null drops it.</param>
/// <param name="Prefix">What tokens within a word begin with; mostly empty.</param>
/// <param name="Suffix">What tokens at the end of a word end with; mostly empty.</param>
/// <param name="FuseUnknown">Whether neighbouring unknown characters are one token.</param>
/// <param name="ByteFallback">Whether an unknown character is written as the tokens of its bytes.</param>
/// <param name="IgnoreMerges">Whether a piece that is a token is taken as it is.</param>
internal sealed record BytePairOptions(
    int? Unknown, string Prefix, string Suffix, bool FuseUnknown, bool ByteFallback, bool IgnoreMerges);

/// <summary>Byte-pair encoding: of all neighbouring tokens those of the earliest merge become one, the leftmost first,
/// until no merge is left.</summary>
internal sealed class BytePairModel : TokenModel
{
    /// <summary>Up to here the next merge is looked for by going through all; beyond, it is kept in a heap.</summary>
    private const int ShortPiece = 64;

    private readonly BytePairOptions _options;
    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Dictionary<long, Merge> _merges;
    private readonly int[]? _bytes;

    /// <summary>Tokens of single UTF-16 units; 0 is none, others are one more than the id.</summary>
    private readonly int[] _single = new int[char.MaxValue + 1];

    /// <summary>Of merges in the order of their rank.</summary>
    /// <exception cref="FormatException">A merge is of tokens that the vocabulary lacks.</exception>
    public BytePairModel(
        Dictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges, BytePairOptions options)
    {
        _vocabulary = vocabulary;
        _lookup = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _options = options;
        _bytes = options.ByteFallback ? FindByteTokens(IdOf) : null;
        Size = vocabulary.Count == 0 ? 0 : vocabulary.Values.Max() + 1;
        foreach (var (token, id) in vocabulary)
        {
            if (token.Length == 1)
                _single[token[0]] = id + 1;
        }

        _merges = new Dictionary<long, Merge>(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            var merged = options.Prefix.Length > 0 && right.StartsWith(options.Prefix, StringComparison.Ordinal)
                ? left + right[options.Prefix.Length..]
                : left + right;
            if (IdOf(left) is { } leftId && IdOf(right) is { } rightId && IdOf(merged) is { } id)
                _merges[PairOf(leftId, rightId)] = new Merge(rank, id);
            else
                throw new FormatException($"merge {rank} of \"{left}\" and \"{right}\" is of tokens that the vocabulary lacks");
        }
    }

    public override int Size { get; }

    public override int? IdOf(string token) => _vocabulary.TryGetValue(token, out var id) ? id : null;

    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (_options.IgnoreMerges && _lookup.TryGetValue(piece, out var whole))
        {
            ids.Add(whole);
            return;
        }

        var tokens = piece.Length <= ShortPiece ? stackalloc int[ShortPiece] : new int[piece.Length];
        var count = Spell(piece, tokens);
        tokens = tokens[..count];
        count = count <= ShortPiece ? MergeShort(tokens) : MergeLong(tokens);
        Collect(tokens[..count], ids);
    }

    /// <summary>A token for each code point; one without a token is its complement.</summary>
    private int Spell(ReadOnlySpan<char> piece, Span<int> tokens)
    {
        var count = 0;
        var isPlain = _options.Prefix.Length == 0 && _options.Suffix.Length == 0;
        for (var i = 0; i < piece.Length;)
        {
            var codePoint = Characters.CodePointAt(piece, i, out var width);
            var id = isPlain && width == 1 ? _single[codePoint] - 1
                : isPlain ? Find(piece.Slice(i, width))
                : Find(string.Concat(
                    i > 0 ? _options.Prefix : "",
                    piece.Slice(i, width),
                    i + width == piece.Length ? _options.Suffix : ""));
            tokens[count++] = id >= 0 ? id : ~codePoint;
            i += width;
        }

        return count;
    }

    private int Find(ReadOnlySpan<char> token) => _lookup.TryGetValue(token, out var id) ? id : -1;

    private int MergeShort(Span<int> tokens)
    {
        var count = tokens.Length;
        Span<Merge> merges = stackalloc Merge[ShortPiece];
        for (var i = 0; i + 1 < count; i++)
            merges[i] = MergeOf(tokens[i], tokens[i + 1]);
        while (count > 1)
        {
            var first = 0;
            for (var i = 1; i < count - 1; i++)
            {
                if (merges[i].Rank < merges[first].Rank)
                    first = i;
            }

            if (merges[first].Rank == int.MaxValue)
                break;
            tokens[first] = merges[first].Id;
            tokens[(first + 2)..count].CopyTo(tokens[(first + 1)..]);
            count--;
            if (first + 1 < count)
            {
                merges[(first + 2)..count].CopyTo(merges[(first + 1)..]);
                merges[first] = MergeOf(tokens[first], tokens[first + 1]);
            }

            if (first > 0)
                merges[first - 1] = MergeOf(tokens[first - 1], tokens[first]);
        }

        return count;
    }

    private int MergeLong(Span<int> tokens)
    {
        const int Gone = int.MinValue;
        var next = new int[tokens.Length];
        var previous = new int[tokens.Length];
        var queue = new PriorityQueue<(int Place, Merge Merge), long>();
        for (var i = 0; i < tokens.Length; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
            if (i + 1 < tokens.Length)
                Enqueue(queue, MergeOf(tokens[i], tokens[i + 1]), i);
        }

        while (queue.TryDequeue(out var entry, out _))
        {
            var (place, merge) = entry;
            var right = next[place];
            // What was queued may have been merged with something else since.
            if (tokens[place] == Gone || right >= tokens.Length ||
                MergeOf(tokens[place], tokens[right]) != merge)
            {
                continue;
            }

            tokens[place] = merge.Id;
            tokens[right] = Gone;
            next[place] = next[right];
            if (next[place] < tokens.Length)
            {
                previous[next[place]] = place;
                Enqueue(queue, MergeOf(tokens[place], tokens[next[place]]), place);
            }

            if (previous[place] >= 0)
                Enqueue(queue, MergeOf(tokens[previous[place]], tokens[place]), previous[place]);
        }

        var count = 0;
        for (var i = 0; i < tokens.Length; i = next[i])
            tokens[count++] = tokens[i];
        return count;
    }

    private static void Enqueue(PriorityQueue<(int Place, Merge Merge), long> queue, Merge merge, int place)
    {
        if (merge.Rank != int.MaxValue)
            queue.Enqueue((place, merge), ((long)merge.Rank << 32) | (uint)place);
    }

    private void Collect(ReadOnlySpan<int> tokens, List<int> ids)
    {
        var afterUnknown = false;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var token in tokens)
        {
            if (token >= 0)
            {
                ids.Add(token);
                afterUnknown = false;
                continue;
            }

            if (_bytes is not null)
            {
                var rune = Rune.IsValid(~token) ? new Rune(~token) : Rune.ReplacementChar;
                foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
                    ids.Add(_bytes[value]);
            }
            else if (_options.Unknown is { } unknown && !(afterUnknown && _options.FuseUnknown))
            {
                ids.Add(unknown);
                afterUnknown = true;
            }
        }
    }

    private Merge MergeOf(int left, int right) =>
        left >= 0 && right >= 0 && _merges.TryGetValue(PairOf(left, right), out var merge) ? merge : Merge.None;

    private static long PairOf(int left, int right) => ((long)left << 32) | (uint)right;

    /// <summary>What two tokens become.</summary>
    /// <param name="Rank">Its place in the file; the smallest goes first.</param>
    /// <param name="Id">The token it makes.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Merge(int Rank, int Id)
    {
        public static readonly Merge None = new(int.MaxValue, -1);
    }
}
