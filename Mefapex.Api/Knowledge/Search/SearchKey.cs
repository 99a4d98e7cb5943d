using System.Text;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>
/// Something to look for in the folded full-text column. Its lexemes are each word without diacritics and its first five
/// characters, which meets what the stemming of PostgreSQL misses (text without diacritics, long endings).
/// </summary>
/// <param name="Word">The word of the question it stands for.</param>
/// <param name="Query">A tsquery as PostgreSQL reads it.</param>
/// <param name="Weight">What a match is worth.</param>
/// <param name="Terms">The words that the query is made of.</param>
/// <param name="IsSynonym">Whether it is other words that stand for the question's.</param>
internal sealed record SearchKey(int Word, string Query, double Weight, IReadOnlyList<Term> Terms, bool IsSynonym)
{
    /// <summary>One more with each change of what is stored for the same text.</summary>
    public const int Format = 2;

    private const int MaxPosition = 16383;

    /// <summary>A vector, as PostgreSQL reads it, of texts of one language in order, each with its weight A to D.</summary>
    public static string VectorOf(IEnumerable<(string Text, char Weight)> texts, string language) =>
        VectorOf(texts.Select(t => (t.Text, t.Weight, language)));

    /// <summary>The same of texts in their languages.</summary>
    public static string VectorOf(IEnumerable<(string Text, char Weight, string Language)> texts)
    {
        var vector = new StringBuilder();
        var position = 0;
        foreach (var (text, weight, language) in texts)
        {
            foreach (var term in Term.Of(text, language))
            {
                position = Math.Min(position + 1, MaxPosition);
                foreach (var key in Keys(term))
                    Append(vector, key).Append(':').Append(position).Append(weight).Append(' ');
            }
        }

        return vector.ToString();
    }

    /// <summary>A query, as PostgreSQL reads it, that any of the terms satisfies; empty when none are given.</summary>
    public static string QueryOf(IEnumerable<Term> terms)
    {
        var query = new StringBuilder();
        foreach (var key in terms.SelectMany(Keys).Distinct(StringComparer.Ordinal))
            Append(query.Length == 0 ? query : query.Append(" | "), key);
        return query.ToString();
    }

    public static SearchKey Of(int word, IReadOnlyList<Term> terms, double weight, bool isSynonym) =>
        new(word, QueryOf(terms), weight, terms, isSynonym);

    /// <summary>Roughly how many rows the query finds.</summary>
    /// <param name="rows">By lexeme; those that are missing are in few rows.</param>
    public int RowsIn(IReadOnlyDictionary<string, int> rows) =>
        Terms.Sum(term => Keys(term).Max(key => rows.GetValueOrDefault(key)));

    private static IEnumerable<string> Keys(Term term)
    {
        yield return term.Folded;
        if (term.Prefix.Length < term.Folded.Length)
            yield return term.Prefix;
        if (term.Stem.Length < term.Prefix.Length)
            yield return term.Stem;
    }

    private static StringBuilder Append(StringBuilder builder, string lexeme) =>
        builder.Append('\'').Append(lexeme.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)).Append('\'');
}
