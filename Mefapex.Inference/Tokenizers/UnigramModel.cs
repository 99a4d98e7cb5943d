using System.Runtime.InteropServices;
using System.Text;

namespace Mefapex.Inference.Tokenizers;

/// <summary>
/// SentencePiece's unigram model: of all ways to write a piece as tokens the one with the largest sum of scores
/// (logarithms of probabilities), found by Viterbi's algorithm. A character that no token covers costs 10 more than
/// the rarest token; neighbouring ones are one unknown token, or their bytes where the vocabulary has these.
/// </summary>
internal sealed class UnigramModel : TokenModel
{
    private const double UnknownPenalty = 10;
    private const int OnStack = 128;

    private readonly Dictionary<string, int> _vocabulary;
    private readonly double[] _scores;
    private readonly VocabularyTrie _trie;
    private readonly int _unknown;
    private readonly double _unknownScore;
    private readonly int[]? _bytes;

    public UnigramModel(IReadOnlyList<KeyValuePair<string, double>> tokens, int unknown, bool byteFallback)
    {
        _scores = [.. tokens.Select(token => token.Value)];
        _unknown = unknown;
        _unknownScore = _scores.Min() - UnknownPenalty;
        _scores[unknown] = _unknownScore;
        _vocabulary = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Count; id++)
            _vocabulary[tokens[id].Key] = id;
        _trie = new VocabularyTrie(_vocabulary);
        _bytes = byteFallback ? FindByteTokens(IdOf) : null;
    }

    public override int Size => _scores.Length;

    public override int? IdOf(string token) => _vocabulary.TryGetValue(token, out var id) ? id : null;

    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        var size = piece.Length + 1;
        var best = size <= OnStack ? stackalloc Step[OnStack] : new Step[size];
        best[..size].Fill(new Step(double.NegativeInfinity, -1, _unknown));
        best[0] = new Step(0, 0, _unknown);
        for (int start = 0, width; start < piece.Length; start += width)
        {
            width = Characters.IsPairAt(piece, start) ? 2 : 1;
            var score = best[start].Score;
            var isCovered = false;
            var node = VocabularyTrie.Root;
            for (var i = start; i < piece.Length; i++)
            {
                node = _trie.Child(node, piece[i]);
                if (node == VocabularyTrie.None)
                    break;
                var id = _trie.IdAt(node);
                if (id == VocabularyTrie.None)
                    continue;
                Reach(ref best[i + 1], score + _scores[id], start, id);
                isCovered |= i + 1 - start == width;
            }

            if (!isCovered)
                Reach(ref best[start + width], score + _unknownScore, start, _unknown);
        }

        Collect(piece, best, ids);
    }

    /// <summary>Of equal ways the one whose last token begins first stays.</summary>
    private static void Reach(ref Step step, double score, int start, int id)
    {
        if (step.Start < 0 || score > step.Score)
            step = new Step(score, start, id);
    }

    private void Collect(ReadOnlySpan<char> piece, ReadOnlySpan<Step> best, List<int> ids)
    {
        var first = ids.Count;
        for (var end = piece.Length; end > 0;)
        {
            var step = best[end];
            var start = step.Start;
            if (step.Id == _unknown)
            {
                while (start > 0 && best[start].Id == _unknown)
                    start = best[start].Start;
            }

            if (step.Id == _unknown && _bytes is not null)
                AddBytesReversed(piece[start..end], ids);
            else
                ids.Add(step.Id);
            end = start;
        }

        ids.Reverse(first, ids.Count - first);
    }

    private void AddBytesReversed(ReadOnlySpan<char> text, List<int> ids)
    {
        var utf8 = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        for (var i = Encoding.UTF8.GetBytes(text, utf8) - 1; i >= 0; i--)
            ids.Add(_bytes![utf8[i]]);
    }

    /// <summary>The best way to a place of the piece.</summary>
    /// <param name="Start">Where its last token begins; -1 where no way leads.</param>
    /// <param name="Id">Its last token.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Step(double Score, int Start, int Id);
}
