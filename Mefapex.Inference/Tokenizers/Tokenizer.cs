using System.Text.RegularExpressions;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Tokenizers;

/// <summary>A text as ids of a vocabulary.</summary>
/// <param name="Ids">With the special tokens.</param>
/// <param name="Truncated">Whether the text had more tokens than were asked for.</param>
public readonly record struct TokenizedText(int[] Ids, bool Truncated);

/// <summary>
/// A tokenizer read from a <c>tokenizer.json</c> of Hugging Face's format (https://huggingface.co/docs/tokenizers):
/// WordPiece, Unigram and BPE with their normalizers, pre-tokenizers, added tokens and post-processors. Its ids are those
/// of transformers.js. May be used from many threads; time grows with the length of the text.
/// </summary>
public sealed class Tokenizer
{
    // Enough for a text of long words; what is too short is doubled twice.
    private const int CharactersPerToken = 16;
    private const int ShortestCut = 2048;
    private const int CutGrowth = 4;

    // Tokens at the end of a cut text that an added token reaching over the cut might change.
    private const int CutMargin = 64;

    private readonly Normalizer? _normalizer;
    private readonly PreTokenizer? _preTokenizer;
    private readonly TokenModel _model;
    private readonly SpecialTokens _special;
    private readonly AddedTokens _rawTokens;
    private readonly AddedTokens _normalizedTokens;
    private readonly Dictionary<string, int> _added;
    private readonly bool _canCut;

    internal Tokenizer(
        Normalizer? normalizer,
        PreTokenizer? preTokenizer,
        TokenModel model,
        SpecialTokens special,
        IReadOnlyList<AddedToken> added)
    {
        _normalizer = normalizer;
        _preTokenizer = preTokenizer;
        _model = model;
        _special = special;
        _added = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in added)
            _added[token.Content] = token.Id;
        _rawTokens = new AddedTokens(
            added.Where(token => !token.Normalized || normalizer is null).Select(token => (token.Content, token)));
        _normalizedTokens = new AddedTokens(added
            .Where(token => token.Normalized && normalizer is not null)
            .Select(token => (normalizer!.Apply(token.Content), token)));
        _canCut = normalizer is not { IsLocal: false } && preTokenizer is { IsLocal: true, CutsAtSpace: true };
        VocabularySize = Math.Max(model.Size, added.Count == 0 ? 0 : added.Max(token => token.Id) + 1);
    }

    /// <summary>One more than the largest id.</summary>
    public int VocabularySize { get; }

    /// <summary>Special tokens that each text gets; no limit may be below.</summary>
    public int SpecialTokenCount => _special.Before.Length + _special.After.Length;

    /// <summary>The id that fills a batch up; null where the file has no padding.</summary>
    public int? PaddingId { get; internal init; }

    /// <summary>Longest input in tokens that the file asks for; null where it has no truncation.</summary>
    public int? MaxTokens { get; internal init; }

    /// <summary>Whether a single text has token types other than 0.</summary>
    internal bool HasTypes => _special.HasTypes;

    /// <summary>Whether the end of a text that is too long is kept rather than its beginning.</summary>
    internal bool KeepsEnd { get; init; }

    /// <summary>Reads a <c>tokenizer.json</c>.</summary>
    /// <exception cref="ModelException">The file is missing or damaged, or has a component that is not known.</exception>
    public static Tokenizer Load(string path) => TokenizerFile.Read(path);

    /// <summary>The id of a token; null where there is none.</summary>
    public int? IdOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _added.TryGetValue(token, out var id) ? id : _model.IdOf(token);
    }

    /// <summary>The ids of a text between its special tokens. Lone surrogates are allowed.</summary>
    /// <exception cref="ModelException">A regular expression of the file takes too long on this text.</exception>
    /// <param name="maxTokens">Longest result, special tokens included; the text's own tokens are cut to fit.</param>
    public TokenizedText Encode(string text, int maxTokens = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, SpecialTokenCount);
        var limit = maxTokens - SpecialTokenCount;
        var tokens = new List<int>(Math.Min(limit, (text.Length / 3) + 8));
        try
        {
            if (!CollectBeginning(text, limit, tokens))
                Collect(text, tokens);
        }
        catch (RegexMatchTimeoutException exception)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"the tokenizer's regular expression {exception.Pattern} took over {exception.MatchTimeout.TotalSeconds:0} s " +
                $"for a text of {text.Length} characters. Give it shorter texts, or take a model with another tokenizer.",
                exception);
        }

        var count = Math.Min(limit, tokens.Count);
        var ids = new int[SpecialTokenCount + count];
        _special.Before.CopyTo(ids, 0);
        tokens.CopyTo(KeepsEnd ? tokens.Count - count : 0, ids, _special.Before.Length, count);
        _special.After.CopyTo(ids, _special.Before.Length + count);
        return new TokenizedText(ids, tokens.Count > count);
    }

    /// <summary>Of a text far longer than the limit only a beginning is looked at, where its end changes nothing.</summary>
    private bool CollectBeginning(string text, int limit, List<int> tokens)
    {
        if (!_canCut || KeepsEnd)
            return false;
        for (var length = Math.Max(ShortestCut, (long)limit * CharactersPerToken); length < text.Length; length *= CutGrowth)
        {
            var cut = LastCut(text, (int)length);
            if (cut <= 0)
                return false;
            Collect(text[..cut], tokens);
            if (tokens.Count >= limit + CutMargin)
                return true;
            tokens.Clear();
        }

        return false;
    }

    /// <summary>The last space before <paramref name="end"/> between two letters or digits of ASCII.</summary>
    private static int LastCut(string text, int end)
    {
        for (var i = end - 1; i > 0; i--)
        {
            if (text[i] == ' ' && char.IsAsciiLetterOrDigit(text[i - 1]) && char.IsAsciiLetterOrDigit(text[i + 1]))
                return i;
        }

        return -1;
    }

    private void Collect(string text, List<int> tokens)
    {
        foreach (var section in _rawTokens.Split(text))
        {
            if (section.Id != Section.Text)
                tokens.Add(section.Id);
            else
                CollectSection(Part(text, section), section.Start == 0, tokens);
        }
    }

    private void CollectSection(string text, bool atStart, List<int> tokens)
    {
        var normalized = _normalizer is null ? text : _normalizer.Apply(text);
        foreach (var section in _normalizedTokens.Split(normalized))
        {
            if (section.Id != Section.Text)
            {
                tokens.Add(section.Id);
                continue;
            }

            var pieces = PieceList.Whole(Part(normalized, section), atStart && section.Start == 0);
            if (_preTokenizer is not null)
                pieces = _preTokenizer.Apply(pieces);
            for (var i = 0; i < pieces.Items.Count; i++)
                _model.Encode(pieces[i], tokens);
        }
    }

    private static string Part(string text, Section section) =>
        section.Start == 0 && section.End == text.Length ? text : text[section.Start..section.End];
}
