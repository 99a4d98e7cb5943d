namespace Mefapex.Api.Knowledge.Review.Contradictions;

/// <summary>Two sentences on the same topic that state different things.</summary>
/// <param name="Key">See <see cref="Fact.Key"/>.</param>
/// <param name="Similarity">Of the topics, 0 to about 1.</param>
/// <param name="SameSentence">But for the values they are the same sentence.</param>
internal sealed record Clash(Statement Left, Statement Right, string Key, string LeftValue, string RightValue, double Similarity, bool SameSentence);

/// <summary>Compares what entries state.</summary>
internal static class ContradictionSearch
{
    /// <summary>Topics as near as this are one, for figures; found on the sample knowledge, see the tests.</summary>
    private const double SameTopic = 0.5;

    /// <summary>Yes and no on a topic need more: many rules differ by a word.</summary>
    private const double SameTopicForPolarity = 0.68;

    /// <summary>Hours of one and the same day are seldom about different things.</summary>
    private const double SameTopicOnADay = 0.35;

    /// <param name="of">Statements to compare with all others; those of one entry, or all.</param>
    /// <param name="all">Statements of the published entries, and of what shall be published in the place of its older version.</param>
    public static List<Clash> Find(IEnumerable<Statement> of, IReadOnlyList<Statement> all)
    {
        var index = new StatementIndex(all);
        var clashes = new List<Clash>();
        foreach (var statement in of.Where(s => s.Facts.All.Count > 0))
        {
            foreach (var (other, similarity) in index.Near(statement))
                clashes.AddRange(Between(statement, other, similarity));
        }

        return
        [
            .. clashes.Concat(BetweenLanguages([.. of]))
                .DistinctBy(c => string.CompareOrdinal(c.Left.EntryId + c.Left.Text, c.Right.EntryId + c.Right.Text) < 0
                    ? (c.Left.Text, c.Right.Text, c.Key) : (c.Right.Text, c.Left.Text, c.Key))
                .OrderByDescending(c => c.SameSentence)
                .ThenByDescending(c => c.Similarity)
                .ThenBy(c => c.Left.EntryId, StringComparer.Ordinal)
                .ThenBy(c => c.Left.Text, StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<Clash> Between(Statement a, Statement b, double similarity)
    {
        // One speaks of Saturday, the other of Sunday.
        if (a.IsOfAnotherCase(b) || (a.Facts.Days != 0 && b.Facts.Days != 0 && (a.Facts.Days & b.Facts.Days) == 0 && !IsDayOnly(a)))
            yield break;
        foreach (var key in a.Facts.All.Select(f => f.Key).Distinct(StringComparer.Ordinal))
        {
            var (left, right) = (ValuesOf(a, key), ValuesOf(b, key));
            if (right.Count == 0 || left.Overlaps(right) || (key == Fact.Weekday && (a.Facts.Days & b.Facts.Days) != 0))
                continue;
            var fact = a.Facts.All.First(f => f.Key == key);
            var least = fact.NamesItsTopic ? 0
                : fact.IsPolarity ? SameTopicForPolarity
                : key == Fact.Hours && IsOneDay(a) && IsOneDay(b) ? SameTopicOnADay
                : SameTopic;
            if (similarity >= least)
                yield return Of(a, b, key, left, right, similarity);
        }
    }

    /// <summary>Language versions of an entry must hold the same figures; the order of sentences may differ.</summary>
    private static IEnumerable<Clash> BetweenLanguages(IReadOnlyList<Statement> statements)
    {
        foreach (var entry in statements.GroupBy(s => s.EntryId, StringComparer.Ordinal))
        {
            var turkish = entry.Where(s => s.Language == "tr").ToList();
            var english = entry.Where(s => s.Language == "en").ToList();
            var keys = turkish.SelectMany(s => s.Facts.All).Where(f => !f.IsPolarity && !f.NamesItsTopic).Select(f => f.Key).Distinct(StringComparer.Ordinal);
            foreach (var key in keys)
            {
                var (left, right) = (Leftover(turkish, english, key), Leftover(english, turkish, key));
                for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
                    yield return new Clash(left[i].Statement, right[i].Statement, key, left[i].Value, right[i].Value, 1, SameSentence: false);
            }
        }
    }

    /// <summary>Values of a key that only one side has, in the order of its sentences.</summary>
    private static List<(Statement Statement, string Value)> Leftover(List<Statement> own, List<Statement> others, string key)
    {
        var there = others.SelectMany(s => ValuesOf(s, key)).ToHashSet(StringComparer.Ordinal);
        return [.. own.SelectMany(s => ValuesOf(s, key), (s, value) => (s, value)).Where(v => !there.Contains(v.value)).DistinctBy(v => v.value, StringComparer.Ordinal)];
    }

    /// <summary>Days are what it states, not when something else holds.</summary>
    private static bool IsDayOnly(Statement statement) => statement.Facts.All.Any(f => f.Key == Fact.Weekday);

    private static bool IsOneDay(Statement statement) => System.Numerics.BitOperations.PopCount((uint)statement.Facts.Days) is 1 or 2;

    private static Clash Of(Statement a, Statement b, string key, HashSet<string> left, HashSet<string> right, double similarity) => new(
        a,
        b,
        key,
        string.Join(", ", left.Order(StringComparer.Ordinal)),
        string.Join(", ", right.Order(StringComparer.Ordinal)),
        Math.Min(1, similarity),
        a.Words.Count > 1 && a.Words.SetEquals(b.Words));

    private static HashSet<string> ValuesOf(Statement statement, string key) =>
        statement.Facts.All.Where(f => f.Key == key).Select(f => f.Value).ToHashSet(StringComparer.Ordinal);
}
