using System.Text;

namespace Mefapex.Inference.Text;

/// <summary>
/// A text beside its lower-case and its diacritic-free form: <c>Çalışma İZNİ</c>, <c>çalışma izni</c>,
/// <c>calisma izni</c>. <see cref="Lower"/> and <see cref="Folded"/> have the same length, so that one span of
/// <see cref="Tokens"/> serves both.
/// </summary>
public sealed class FoldedText
{
    private IReadOnlyList<TextToken>? _tokens;

    private FoldedText(string original, string lower, string folded)
    {
        Original = original;
        Lower = lower;
        Folded = folded;
    }

    /// <summary>The text as it came.</summary>
    public string Original { get; }

    /// <summary>
    /// NFKC, lower case by the language's own rule (Turkish: I→ı, İ→i), diacritics kept; see
    /// <see cref="TurkishFolding"/> for what else is evened out. At most <see cref="TurkishFolding.MaxGrowth"/> times
    /// the length of <see cref="Original"/>.
    /// </summary>
    public string Lower { get; }

    /// <summary><see cref="Lower"/> with Latin letters reduced to a–z; İ, I, ı and i are all <c>i</c>.</summary>
    public string Folded { get; }

    /// <summary>The words, numbers and addresses in order, found on first use.</summary>
    public IReadOnlyList<TextToken> Tokens => _tokens ??= [.. EnumerateTokens()];

    /// <summary>The folded tokens joined by one space: equal for texts that differ only in case, diacritics,
    /// punctuation and spacing.</summary>
    public string Key
    {
        get
        {
            var key = new StringBuilder(Folded.Length);
            foreach (var token in EnumerateTokens())
            {
                if (key.Length > 0)
                    key.Append(' ');
                key.Append(FoldedOf(token));
            }

            return key.ToString();
        }
    }

    /// <summary>Folds <paramref name="text"/>.</summary>
    /// <param name="language">ISO 639-1 code that decides the lower case of I and İ; anything but <c>tr</c> and
    /// <c>az</c> follows the English rule. <see cref="Folded"/> does not depend on it.</param>
    public static FoldedText Of(string text, string language = "tr")
    {
        var lower = TurkishFolding.Lower(text, language);
        return new FoldedText(text, lower, TurkishFolding.StripDiacritics(lower));
    }

    /// <summary>Walks over the tokens without keeping them.</summary>
    public TextTokenEnumerator EnumerateTokens() => new(Folded);

    /// <summary>The token in the diacritic-free form.</summary>
    public ReadOnlySpan<char> FoldedOf(TextToken token) => Folded.AsSpan(token.Start, token.Length);

    /// <summary>The token in the lower-case form.</summary>
    public ReadOnlySpan<char> LowerOf(TextToken token) => Lower.AsSpan(token.Start, token.Length);

    /// <summary>The diacritic-free token without its apostrophe suffix: <c>portal</c> of <c>Portal'ın</c>.</summary>
    public ReadOnlySpan<char> StemOf(TextToken token) => Folded.AsSpan(token.Start, token.StemLength);

    /// <summary>The diacritic-free apostrophe suffix, empty where there is none: <c>in</c> of <c>Portal'ın</c>.</summary>
    public ReadOnlySpan<char> SuffixOf(TextToken token) =>
        token.HasSuffix ? FoldedOf(token)[(token.StemLength + 1)..] : [];

    /// <summary>
    /// The first five characters of the folded stem (numbers and addresses: all of it). Fixed-prefix truncation is a
    /// cheap stand-in for a Turkish stemmer; five was the best length for Turkish retrieval in Can et al.,
    /// "Information retrieval on Turkish texts", JASIST 59(3), 2008.
    /// </summary>
    public ReadOnlySpan<char> Prefix5Of(TextToken token)
    {
        var stem = StemOf(token);
        return token.Kind == TextTokenKind.Word && stem.Length > 5 ? stem[..5] : stem;
    }
}
