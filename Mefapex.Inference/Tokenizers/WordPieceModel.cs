namespace Mefapex.Inference.Tokenizers;

/// <summary>BERT's model: the longest token that the rest of a word begins with, until nothing is left; a word that
/// cannot be taken apart so is one unknown token.</summary>
internal sealed class WordPieceModel : TokenModel
{
    private readonly Dictionary<string, int> _vocabulary;
    private readonly VocabularyTrie _trie;
    private readonly int _unknown;
    private readonly int _continuation;
    private readonly int _longestWord;

    /// <summary>Of a vocabulary.</summary>
    /// <param name="continuation">What tokens within a word begin with, such as <c>##</c>.</param>
    /// <param name="longestWord">Code points; a longer word is unknown.</param>
    public WordPieceModel(Dictionary<string, int> vocabulary, int unknown, string continuation, int longestWord)
    {
        _vocabulary = vocabulary;
        _trie = new VocabularyTrie(vocabulary);
        _unknown = unknown;
        _continuation = _trie.Find(continuation);
        _longestWord = longestWord;
        Size = vocabulary.Count == 0 ? 0 : vocabulary.Values.Max() + 1;
    }

    public override int Size { get; }

    public override int? IdOf(string token) => _vocabulary.TryGetValue(token, out var id) ? id : null;

    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.Length > _longestWord && Characters.CountCodePoints(piece) > _longestWord)
        {
            ids.Add(_unknown);
            return;
        }

        var first = ids.Count;
        for (var start = 0; start < piece.Length;)
        {
            var node = start == 0 ? VocabularyTrie.Root : _continuation;
            var found = VocabularyTrie.None;
            var end = start;
            for (var i = start; i < piece.Length && node != VocabularyTrie.None; i++)
            {
                node = _trie.Child(node, piece[i]);
                if (node == VocabularyTrie.None || _trie.IdAt(node) is VocabularyTrie.None)
                    continue;
                found = _trie.IdAt(node);
                end = i + 1;
            }

            if (found == VocabularyTrie.None)
            {
                ids.RemoveRange(first, ids.Count - first);
                ids.Add(_unknown);
                return;
            }

            ids.Add(found);
            start = end;
        }
    }
}
