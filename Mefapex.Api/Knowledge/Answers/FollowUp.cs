using System.Collections.Frozen;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Contracts.Chat;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>
/// A question that may lean on the exchange before it ("peki cumartesi?", "what about the night shift?"): it says so with a
/// little word, or it is too short to stand alone. Whether it does is decided by what both wordings find.
/// </summary>
/// <param name="Question">The question with what it leans on: "Servis saatleri: cumartesi?".</param>
/// <param name="IsMarked">Whether a word points back, as opposed to the question being merely short.</param>
/// <param name="IsAdjunct">Whether it only names a time or a shift: that is a topic of its own for nobody.</param>
/// <param name="SourceId">What answered before; null where nothing did.</param>
internal sealed record FollowUp(string Question, bool IsMarked, bool IsAdjunct, string? SourceId)
{
    /// <summary>The most words that tell a topic in a question that is taken for short.</summary>
    private const int MostTelling = 3;

    /// <summary>Longer questions stand alone, whatever word they begin with.</summary>
    private const int MostWords = 9;

    /// <summary>They only join a question to what was said; the understood question goes without them.</summary>
    private static readonly FrozenSet<string> Joints = Words(
        """
        peki pekala ya yani ee eee e ve ayrica bir de birde tamam o zaman ozaman anladim tesekkurler sagol evet hmm
        and so ok okay then also but well what how about thanks alright right hmm
        """);

    private static readonly string[][] Phrases =
    [
        ["peki", "ya"], ["o", "zaman"], ["o", "halde"], ["bir", "de"], ["what", "about"], ["how", "about"], ["and", "what", "about"], ["and", "if"],
        ["ya", "da"],
    ];

    /// <summary>They stand for something said before.</summary>
    private static readonly FrozenSet<string> Pointers = Words(
        """
        bu bunu bunun buna bundan bunda bunlar bunlari bunlarin o onu onun ona ondan onda onlar onlari onlarin orada orda oraya ordan oradan
        burada burda buraya buradan boyle oyle ayni digeri oteki ilki ikincisi su sunu sunun
        it its that those these this there them they one same other
        """);

    /// <summary>When something is asked about, by stems.</summary>
    private static readonly FrozenSet<string> Times = Stems(
        """
        pazartesi sali carsamba persembe cuma cumartesi pazar haftasonu sonu ici gece gunduz aksam sabah ogle ogleden yarin bugun bayram tatil
        yaz kis ramazan a b c
        monday tuesday wednesday thursday friday saturday sunday weekend weekends night evening morning afternoon noon tomorrow today
        holiday holidays summer winter
        """);

    /// <summary>What stands beside a time.</summary>
    private static readonly FrozenSet<string> BesideTimes = Stems("gun gunu gunleri hafta vardiya vardiyasi saat shift day days hours week time");

    /// <summary>Null where the question stands alone.</summary>
    public static FollowUp? Of(FoldedText question, ConversationContext? context)
    {
        if (context is null)
            return null;
        var words = question.Tokens.Select(token => question.StemOf(token).ToString()).ToList();
        if (words.Count is 0 or > MostWords)
            return null;

        var joints = JointsAtTheStart(words);
        var pointed = words.Skip(joints).Any(Pointers.Contains);
        var telling = words.Skip(joints).Where(w => !StopWords.Contains(w) && !StopWords.IsQuestionWord(w)).Select(StemOf).ToList();
        if (joints == 0 && !pointed && telling.Count > MostTelling)
            return null;

        return new FollowUp(
            $"{context.SourceTitle ?? context.Question}: {Rest(question, joints)}",
            joints > 0 || pointed,
            telling.Exists(Times.Contains) && telling.TrueForAll(w => Times.Contains(w) || BesideTimes.Contains(w)),
            context.SourceId);
    }

    /// <summary>Whether the question leans on what was said: by itself it is not clearly answered, and with it an entry is
    /// likelier that also knows the question's own words. A new topic fails in one or the other.</summary>
    public bool IsMeant(Ranking alone, Ranking joined, Decider decider)
    {
        if (decider.AboutEntries(joined) == Decision.Decline)
            return false;
        if (IsAdjunct && joined.Entries[0].Candidate.Entry.Id == SourceId)
            return true;

        var thresholds = decider.Thresholds;
        if (alone.First >= (IsMarked ? thresholds.StandsAloneMarked : thresholds.StandsAlone)
            || joined.First <= alone.First)
        {
            return false;
        }

        var own = new Comparison(alone.Found.Question, alone.Found.Snapshot).Anywhere(joined.Entries[0].Candidate.Entry);
        return own >= (IsMarked ? thresholds.OwnWordsMarked : thresholds.OwnWords);
    }

    /// <summary>How many words at the start only join; none when nothing would be left.</summary>
    private static int JointsAtTheStart(List<string> words)
    {
        var at = 0;
        while (at < words.Count)
        {
            var phrase = Phrases.FirstOrDefault(p => words.Skip(at).Take(p.Length).SequenceEqual(p, StringComparer.Ordinal));
            if (phrase is not null)
                at += phrase.Length;
            else if (Joints.Contains(words[at]) && !IsQuestion(words, at))
                at++;
            else
                break;
        }

        return at < words.Count ? at : 0;
    }

    /// <summary>"What" and "how" join only as "what about": alone they ask.</summary>
    private static bool IsQuestion(List<string> words, int at) => words[at] is "what" or "how" or "about" or "bir" or "de" or "o" or "right";

    private static string Rest(FoldedText question, int joints)
    {
        var start = question.Tokens[joints].Start;
        var rest = question.Lower.Length == question.Original.Length ? question.Original[start..] : question.Lower[start..];
        return rest.Trim();
    }

    private static string StemOf(string word) => LightStemmer.Stem(word, "tr");

    private static FrozenSet<string> Stems(string words) => Words(words).Select(StemOf).ToFrozenSet(StringComparer.Ordinal);

    private static FrozenSet<string> Words(string words) =>
        words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
