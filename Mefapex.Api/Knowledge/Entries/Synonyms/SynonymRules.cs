using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Http;
using Mefapex.Inference.Text;
using Microsoft.Net.Http.Headers;

namespace Mefapex.Api.Knowledge.Entries.Synonyms;

/// <summary>What a group of synonyms must look like, and what tells its states apart.</summary>
internal static class SynonymRules
{
    private const int MaxTerms = 30;
    private const int MaxTerm = 80;

    /// <returns>The terms without needless space.</returns>
    public static string[] Check(IReadOnlyList<string?>? terms, string field, FieldErrors errors)
    {
        var lines = EntryRules.Lines(terms, field, least: 0, MaxTerms, MaxTerm, errors);
        if (lines.Count < 2)
            errors.Add(field, "terms-few");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < lines.Count; i++)
        {
            if (!seen.Add(Key(lines[i])))
                errors.Add($"{field}[{i}]", "terms-twice");
        }

        return [.. lines];
    }

    /// <summary>Equal for terms that the search takes for the same.</summary>
    public static string Key(string term) => FoldedText.Of(term).Key;

    public static EntityTagHeaderValue TagOf(SynonymGroup group) => TagOf(group.Terms);

    /// <summary>Of a list of groups.</summary>
    public static EntityTagHeaderValue TagOf(IEnumerable<SynonymGroup> groups) =>
        TagOf(groups.SelectMany(g => g.Terms.Append($"{g.Id:N}")));

    private static EntityTagHeaderValue TagOf(IEnumerable<string> lines) =>
        ETags.Of(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))).AsSpan(0, 8)));
}
