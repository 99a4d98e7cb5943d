using System.Collections.Frozen;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>
/// Which rows full text looks at for a question. The rarest keys find them, as many as a budget of rows allows; the more
/// common ones only add weight to what those have found, which the index does by itself without visiting other rows.
/// </summary>
/// <param name="Queries">tsqueries that a row is found by or weighed with.</param>
/// <param name="Weights">What each is worth.</param>
/// <param name="Synonyms">Whether each is for other words that stand for the question's.</param>
internal sealed record MatchPlan(string[] Queries, double[] Weights, bool[] Synonyms)
{
    /// <summary>Long questions are looked for by their most telling words.</summary>
    private const int MostKeys = 16;

    /// <summary>Keys with so many times the budget's rows say too little for what going through them takes.</summary>
    private const int TooCommon = 8;

    /// <param name="rows">Rows of common lexemes; others count as rare.</param>
    /// <param name="budget">Rows that may be visited.</param>
    public static MatchPlan Of(IReadOnlyList<SearchKey> keys, FrozenDictionary<string, int> rows, int budget)
    {
        List<SearchKey> telling = [.. keys.OrderByDescending(k => k.Weight).ThenBy(k => k.Word).Take(MostKeys)];
        var finding = new List<SearchKey>();
        var left = budget;
        foreach (var key in telling.OrderBy(k => k.IsSynonym).ThenBy(k => k.RowsIn(rows)))
        {
            var cost = key.RowsIn(rows);
            if (finding.Count > 0 && cost > left)
                continue;
            finding.Add(key);
            left -= cost;
        }

        var found = string.Join(" | ", finding.Select(k => k.Query));
        var weighing = telling.Where(k => finding.Contains(k) || k.RowsIn(rows) <= budget * TooCommon).ToList();
        return new MatchPlan(
            [.. weighing.Select(k => finding.Contains(k) ? k.Query : $"({found}) & ({k.Query})")],
            [.. weighing.Select(k => k.Weight)],
            [.. weighing.Select(k => k.IsSynonym)]);
    }
}
