using Mefapex.Api.Knowledge.Search;
using Mefapex.Contracts.Knowledge;

namespace Mefapex.Api.Knowledge.Entries.Synonyms;

/// <summary>What groups may spoil, told from the groups and the entries alone.</summary>
internal static class SynonymWarnings
{
    /// <summary>A term in more entries than these does not tell them from others.</summary>
    private const int Telling = 3;

    private const int Most = 20;

    public static List<SynonymWarning> Of(TriedGroups tried, KnowledgeSnapshot snapshot) =>
        [.. tried.Changed.SelectMany(terms => Repeated(terms, tried.All).Concat(Joining(terms, snapshot))).Take(Most)];

    private static IEnumerable<SynonymWarning> Repeated(string[] terms, IReadOnlyList<SynonymGroup> all)
    {
        foreach (var term in terms)
        {
            var key = SynonymRules.Key(term);
            var groups = all.Count(g => Array.Exists(g.Terms, t => SynonymRules.Key(t) == key));
            if (groups > 1)
            {
                yield return new SynonymWarning(
                    "term-in-several-groups", EntryTexts.Get("warning.term-in-several-groups", term, groups), [term], []);
            }
        }
    }

    /// <summary>Two terms of which each stands in a few entries of a category and in none of the other's.</summary>
    private static IEnumerable<SynonymWarning> Joining(string[] terms, KnowledgeSnapshot snapshot)
    {
        var index = new SynonymIndex(terms.Select(t => (IReadOnlyList<string>)[t]));
        var entries = terms.Select(_ => new HashSet<EntryDocument>()).ToList();
        foreach (var entry in snapshot.Entries.Values.OrderBy(e => e.Id, StringComparer.Ordinal))
        {
            foreach (var span in entry.Phrases.SelectMany(p => index.Find(Array.ConvertAll(p.Words, w => snapshot.Vocabulary[w]))))
            {
                if (span.Group < terms.Length)
                    entries[span.Group].Add(entry);
            }
        }

        for (var i = 0; i < terms.Length; i++)
        {
            for (var j = i + 1; j < terms.Length; j++)
            {
                if (entries[i].Count > Telling || entries[j].Count > Telling || entries[i].Overlaps(entries[j]))
                    continue;
                var pair = entries[i].SelectMany(_ => entries[j], (a, b) => (a, b)).FirstOrDefault(p => p.a.Category == p.b.Category);
                if (pair.a is null)
                    continue;
                yield return new SynonymWarning(
                    "joins-entries",
                    EntryTexts.Get("warning.joins-entries", terms[i], terms[j], pair.a.TextIn("tr").Title, pair.b.TextIn("tr").Title),
                    [terms[i], terms[j]],
                    [pair.a.Id, pair.b.Id]);
            }
        }
    }
}
