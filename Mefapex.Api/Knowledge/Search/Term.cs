using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>A word of a question or an entry, in the forms it is compared in.</summary>
/// <param name="Folded">The word without case, diacritics and apostrophe suffix.</param>
/// <param name="Stem">Its comparison key, see <see cref="LightStemmer"/>.</param>
/// <param name="Prefix">Its first five characters.</param>
internal sealed record Term(string Folded, string Stem, string Prefix)
{
    private const int ShortestFuzzy = 4;

    private readonly int _hash = string.GetHashCode(Folded, StringComparison.Ordinal);

    /// <summary>The words, numbers and addresses of a text in order, in the common form of <see cref="SpokenForms"/>.</summary>
    /// <param name="language">ISO 639-1 of the text.</param>
    public static Term[] Of(string text, string language) => Of(FoldedText.Of(SpokenForms.Of(text, language), language), language);

    /// <summary>The same of a folded text as it stands.</summary>
    /// <param name="language">ISO 639-1 of the text.</param>
    public static Term[] Of(FoldedText text, string language)
    {
        var terms = new Term[text.Tokens.Count];
        for (var i = 0; i < terms.Length; i++)
        {
            var token = text.Tokens[i];
            var folded = text.StemOf(token).ToString();
            terms[i] = new Term(folded, LightStemmer.Stem(folded, language), text.Prefix5Of(token).ToString());
        }

        return terms;
    }

    public bool Equals(Term? other) => ReferenceEquals(this, other)
        || (other is not null && _hash == other._hash
            && string.Equals(Folded, other.Folded, StringComparison.Ordinal)
            && string.Equals(Stem, other.Stem, StringComparison.Ordinal)
            && string.Equals(Prefix, other.Prefix, StringComparison.Ordinal));

    public override int GetHashCode() => _hash;

    public bool IsStopWord => StopWords.Contains(Folded);

    public bool IsQuestionWord => StopWords.IsQuestionWord(Folded);

    /// <summary>How well two words stand for each other, 0 to 1: the same, the same stem, one typing slip apart,
    /// the same beginning.</summary>
    public double Match(Term other)
    {
        if (string.Equals(Folded, other.Folded, StringComparison.Ordinal))
            return 1;
        if (string.Equals(Stem, other.Stem, StringComparison.Ordinal))
            return 0.95;
        if (Stem.Length < ShortestFuzzy || other.Stem.Length < ShortestFuzzy || !char.IsAsciiLetter(Folded[0]))
            return 0;

        var (shorter, longer) = Stem.Length <= other.Stem.Length ? (Stem, other.Stem) : (other.Stem, Stem);
        if (longer.StartsWith(shorter, StringComparison.Ordinal))
            return longer.Length - shorter.Length <= 3 ? 0.75 : 0.6;
        if (Math.Min(Folded.Length, other.Folded.Length) >= 5 && IsOneSlip(Folded, other.Folded))
            return 0.75;
        if (shorter.Length >= 5 && IsOneSlip(shorter, longer))
            return 0.7;
        return string.Equals(Prefix, other.Prefix, StringComparison.Ordinal) && Prefix.Length == 5 ? 0.55 : 0;
    }

    /// <summary>One letter missing, added, replaced, or two neighbours swapped.</summary>
    private static bool IsOneSlip(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 1)
            return false;
        if (a.Length > b.Length)
            (a, b) = (b, a);
        var start = a.AsSpan().CommonPrefixLength(b);
        if (start == a.Length)
            return true;
        if (a.Length < b.Length)
            return a.AsSpan(start).SequenceEqual(b.AsSpan(start + 1));
        return a.AsSpan(start + 1).SequenceEqual(b.AsSpan(start + 1)) ||
            (start + 1 < a.Length && a[start] == b[start + 1] && a[start + 1] == b[start] &&
            a.AsSpan(start + 2).SequenceEqual(b.AsSpan(start + 2)));
    }
}
