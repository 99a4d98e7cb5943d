using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>
/// Checks a generated sentence against the passages it cites: nearly all of its words stand in one place there, every
/// number, month and day does, and the place denies as often as the sentence. A sentence that fails is dropped, never
/// mended.
/// </summary>
internal static partial class Grounding
{
    private const double LeastShare = 0.8;
    private const double LeastMatch = 0.7;

    private static readonly FrozenDictionary<string, string> NumberWords = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bir"] = "1", ["iki"] = "2", ["uc"] = "3", ["dort"] = "4", ["bes"] = "5", ["alti"] = "6", ["yedi"] = "7", ["sekiz"] = "8",
        ["dokuz"] = "9", ["on"] = "10", ["yirmi"] = "20", ["otuz"] = "30", ["kirk"] = "40", ["elli"] = "50", ["altmis"] = "60", ["yetmis"] = "70",
        ["seksen"] = "80", ["doksan"] = "90", ["yuz"] = "100", ["bin"] = "1000",
        ["two"] = "2", ["three"] = "3", ["four"] = "4", ["five"] = "5", ["six"] = "6", ["seven"] = "7", ["eight"] = "8", ["nine"] = "9",
        ["ten"] = "10", ["twelve"] = "12", ["twenty"] = "20", ["thirty"] = "30", ["hundred"] = "100", ["thousand"] = "1000",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenSet<string> Dates = (
        "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik pazartesi sali carsamba persembe cuma cumartesi pazar " +
        "january february march april may june july august september october november december monday tuesday wednesday thursday friday " +
        "saturday sunday").Split(' ').ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The place that the sentence rests on, one or two neighbouring sentences; null where there is none.</summary>
    public static Piece? PlaceOf(string sentence, IReadOnlyList<Passage> passages)
    {
        Piece? best = null;
        var bestShare = 0.0;
        foreach (var passage in passages)
        {
            var claim = Words.Of(sentence, passage.Language);
            if (claim.Telling.Count == 0)
                continue;
            foreach (var place in Places(passage))
            {
                var share = ShareIn(claim, Words.Of(place.Text, passage.Language));
                // The narrower place comes first, so a wider one must add something.
                if (share >= LeastShare && share > bestShare)
                    (best, bestShare) = (place, share);
            }
        }

        return best;
    }

    private static IEnumerable<Piece> Places(Passage passage)
    {
        var sentences = Sentences.Of(passage.Text);
        foreach (var sentence in sentences)
            yield return new Piece(passage, sentence);
        for (var i = 0; i + 1 < sentences.Count; i++)
            yield return new Piece(passage, new Sentence(sentences[i].Start, sentences[i + 1].End, IsItem: false));
    }

    /// <summary>The share of the claim's words that the place has; 0 where one is missing that must not be.</summary>
    private static double ShareIn(Words claim, Words place)
    {
        if (claim.Denials != place.Denials || !claim.Exact.IsSubsetOf(place.Exact))
            return 0;
        var found = claim.Telling.Count(term => place.All.Exists(other => term.Match(other) >= LeastMatch));
        return found / (double)claim.Telling.Count;
    }

    [GeneratedRegex(
        @"^\w{2,}m[ae]z(?:lar|ler|sa|se|di|dir|siniz|sin|ken)?$|^\w{2,}m[iu]yor\w*$|^\w{2,}m[ae](?:di|mis|yin|mali|meli|yan|yen|yacak|yecek|mak|mek)\w*$|^\w{2,}m[ae]d[ae]n$|^\w{3,}s[iu]z(?:dir|dur|ca|in)?$",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 100)]
    private static partial Regex TurkishDenial();

    [GeneratedRegex(@"\b(?:not|no|never|none|nor|without|cannot|degil\w*|yok|yoktur|hayir|asla|yasak\w*|haric)\b|n['’]t\b",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase,
        matchTimeoutMilliseconds: 100)]
    private static partial Regex DenyingWord();

    /// <param name="Telling">Those that say something.</param>
    /// <param name="Exact">Numbers, months and days, in one form.</param>
    /// <param name="Denials">How often it says no.</param>
    private sealed record Words(List<Term> All, List<Term> Telling, HashSet<string> Exact, int Denials)
    {
        public static Words Of(string text, string language)
        {
            var folded = FoldedText.Of(text, language);
            var terms = Term.Of(folded, language).ToList();
            var exact = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < terms.Count; i++)
            {
                var word = terms[i].Folded;
                if (folded.Tokens[i].Kind == TextTokenKind.Number || word.AsSpan().IndexOfAnyInRange('0', '9') >= 0)
                    exact.Add(word.Replace(',', '.').TrimEnd('.'));
                else if (NumberWords.TryGetValue(word, out var number) && word is not "bir")
                    exact.Add(number);
                else if (Dates.Contains(LightStemmer.Stem(word, language)) || Dates.Contains(word))
                    exact.Add(Dates.Contains(word) ? word : LightStemmer.Stem(word, language));
            }

            return new Words(
                terms,
                [.. terms.Where(t => !t.IsStopWord && !t.IsQuestionWord && !NumberWords.ContainsKey(t.Folded) && t.Folded.AsSpan().IndexOfAnyInRange('0', '9') < 0)],
                exact,
                DenyingWord().Count(folded.Folded) + (language == "en" ? 0 : terms.Count(t => TurkishDenial().IsMatch(t.Folded))));
        }
    }
}
