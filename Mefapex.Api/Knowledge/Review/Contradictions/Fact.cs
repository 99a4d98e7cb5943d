using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Review.Contradictions;

/// <summary>Something in a sentence that another sentence on the same topic can contradict.</summary>
/// <param name="Key">What kind of thing it is: only values of one key are compared.</param>
/// <param name="Value">In a form that is equal for both languages.</param>
internal readonly record struct Fact(string Key, string Value)
{
    public const string Time = "time";
    public const string Hours = "hours";
    public const string Weekday = "weekday";
    public const string Date = "date";
    public const string Percent = "percent";
    public const string Closed = "closed";

    private const string QuantityPrefix = "quantity:";
    private const string PhonePrefix = "phone:";
    private const string PolarityPrefix = "is:";

    public static Fact Quantity(string unit, string value) => new(QuantityPrefix + unit, value);

    /// <param name="whose">Whose number it is.</param>
    public static Fact Phone(string whose, string number) => new(PhonePrefix + whose, number);

    public static Fact Polarity(string what, bool holds) => new(PolarityPrefix + what, holds ? "yes" : "no");

    public bool IsPolarity => Key.StartsWith(PolarityPrefix, StringComparison.Ordinal);

    /// <summary>The key says by itself what it is about.</summary>
    public bool NamesItsTopic => Key.StartsWith(PhonePrefix, StringComparison.Ordinal);
}

/// <summary>What a sentence states, and the words that are left of it.</summary>
/// <param name="Days">Weekdays that it speaks of, as bits from Monday; 0 for none.</param>
/// <param name="Rest">The folded sentence with the values taken out.</param>
internal sealed record Facts(IReadOnlyList<Fact> All, int Days, string Rest);

/// <summary>Reads times, days, dates, quantities, sums, telephone extensions, permissions and negations out of Turkish and
/// English sentences.</summary>
internal static partial class FactReader
{
    private const int Timeout = 1000;
    private const int Weekdays = 0b0011111;
    private const int Weekend = 0b1100000;
    private const int EveryDay = Weekdays | Weekend;

    private static readonly string[] DayNames = ["pazartesi", "sali", "carsamba", "persembe", "cuma", "cumartesi", "pazar"];
    private static readonly string[] EnglishDays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    private static readonly string[] Months =
    [
        "ocak|january", "subat|february", "mart|march", "nisan|april", "mayis|may", "haziran|june",
        "temmuz|july", "agustos|august", "eylul|september", "ekim|october", "kasim|november", "aralik|december",
    ];

    /// <summary>The beginning of a unit's word to its name; the first that fits counts.</summary>
    private static readonly (string Start, string Unit)[] Units =
    [
        ("is gun", "workday"), ("takvim gun", "day"), ("working day", "workday"), ("business day", "workday"), ("workday", "workday"),
        ("calendar day", "day"), ("gece", "night"), ("night", "night"), ("gun", "day"), ("day", "day"), ("hafta", "week"), ("week", "week"),
        ("ay", "month"), ("month", "month"), ("yil", "year"), ("year", "year"), ("yas", "age"), ("saat", "hour"), ("hour", "hour"),
        ("dakika", "minute"), ("dk", "minute"), ("minute", "minute"), ("saniye", "second"), ("second", "second"),
        ("km", "km"), ("kilomet", "km"), ("metre", "metre"), ("meter", "metre"), ("kg", "kg"), ("kilogram", "kg"),
        ("mb", "mb"), ("gb", "gb"), ("kisi", "person"), ("people", "person"), ("person", "person"),
        ("kez", "times"), ("kere", "times"), ("defa", "times"), ("times", "times"), ("karakter", "character"), ("character", "character"),
        ("tl", "try"), ("try", "try"), ("lira", "try"), ("avro", "eur"), ("euro", "eur"), ("eur", "eur"), ("€", "eur"),
        ("dolar", "usd"), ("dollar", "usd"), ("usd", "usd"), ("$", "usd"), ("sterlin", "gbp"), ("pound", "gbp"), ("gbp", "gbp"),
    ];

    private static readonly string[] NumberWords = ["iki|two", "uc|three", "dort|four", "bes|five", "alti|six", "yedi|seven", "sekiz|eight", "dokuz|nine", "on|ten"];

    /// <summary>Words that say yes or no to something, the negative ones first.</summary>
    private static readonly (Regex Words, string What, bool Holds)[] Polarities =
    [
        (NotRequired(), "required", false), (Required(), "required", true),
        (Forbidden(), "allowed", false), (Allowed(), "allowed", true),
        (Free(), "free", true), (Paid(), "free", false),
        (Invalid(), "valid", false), (Valid(), "valid", true),
    ];

    /// <param name="language">ISO 639-1.</param>
    public static Facts Read(string sentence, string language)
    {
        var folded = FoldedText.Of(sentence, language).Folded;
        var facts = new List<Fact>();
        var closed = ClosedWord().IsMatch(folded);
        folded = Take(folded, TimeRange(), facts, m => Time(m.Groups[1], m.Groups[2]) is { } from && Time(m.Groups[3], m.Groups[4]) is { } to
            ? new(Fact.Hours, $"{from}-{to}")
            : null);
        folded = Take(folded, SingleTime(), facts, m => Time(m.Groups[1], m.Groups[2]) is { } at ? new(Fact.Time, at) : null);
        folded = Take(folded, Extension(), facts, m => WhoseOf(m.Groups[1].Value) is { Length: > 0 } whose ? Fact.Phone(whose, m.Groups[2].Value) : null, keep: 1);
        folded = Take(folded, DateOfYear(), facts, m => new(Fact.Date, $"{Month(m.Groups[2].Value)}-{m.Groups[1].Value.PadLeft(2, '0')}"));
        folded = Take(folded, PercentSign(), facts, m => new(Fact.Percent, Number(m.Groups.Values.Skip(1).First(g => g.Success).Value)));
        folded = Take(folded, Amount(), facts, m => UnitOf(m.Groups[3].Value) is { } unit
            ? Fact.Quantity(unit, m.Groups[2].Success ? $"{Number(m.Groups[1].Value)}-{Number(m.Groups[2].Value)}" : Number(m.Groups[1].Value))
            : null);

        var (days, rest) = DaysOf(folded);
        if (closed && days != 0)
            facts.Add(new(Fact.Hours, Fact.Closed));
        else if (days is not 0 and not EveryDay && !facts.Exists(f => f.Key is Fact.Time or Fact.Hours))
            facts.Add(new(Fact.Weekday, days.ToString(CultureInfo.InvariantCulture)));
        var decided = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (words, what, holds) in Polarities)
        {
            if (!decided.Contains(what) && words.IsMatch(folded))
            {
                decided.Add(what);
                facts.Add(Fact.Polarity(what, holds));
            }
        }

        if (language == "tr" && Predicate(folded) is { } predicate)
            facts.Add(predicate);
        return new Facts([.. facts.Distinct()], days, rest);
    }

    /// <summary>Adds what the pattern finds and blanks it out, so that no later pattern finds it again.</summary>
    /// <param name="keep">The number of the group that stays.</param>
    private static string Take(string text, Regex pattern, List<Fact> facts, Func<Match, Fact?> fact, int keep = 0) =>
        pattern.Replace(text, match =>
        {
            if (fact(match) is not { } found)
                return match.Value;
            facts.Add(found);
            return keep == 0 ? " " : match.Groups[keep].Value + " ";
        });

    private static string? Time(Group hour, Group minute) =>
        int.Parse(hour.ValueSpan, CultureInfo.InvariantCulture) is <= 24 and var h && int.Parse(minute.ValueSpan, CultureInfo.InvariantCulture) is < 60 and var m
            ? string.Create(CultureInfo.InvariantCulture, $"{h:00}:{m:00}")
            : null;

    private static string Month(string word)
    {
        var month = 1 + Array.FindIndex(Months, names => names.Split('|').Any(name => word.StartsWith(name, StringComparison.Ordinal)));
        return month.ToString("00", CultureInfo.InvariantCulture);
    }

    private static string Number(string text)
    {
        var word = Array.FindIndex(NumberWords, words => words.Split('|').Contains(text, StringComparer.Ordinal));
        if (word >= 0)
            return (word + 2).ToString(CultureInfo.InvariantCulture);
        // "1.250" is a thousand in Turkish, "1,5" and "1.5" are one and a half.
        var plain = ThousandsMark().Replace(text, "").Replace(',', '.');
        return decimal.TryParse(plain, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number.ToString("0.####", CultureInfo.InvariantCulture)
            : plain;
    }

    private static string? UnitOf(string word)
    {
        foreach (var (start, unit) in Units)
        {
            if (word.StartsWith(start, StringComparison.Ordinal))
                return unit;
        }

        return null;
    }

    /// <summary>The words right before a telephone number; what only introduces it ("Sorular:") says nothing.</summary>
    private static string WhoseOf(string before)
    {
        var words = Word().Matches(before).Select(m => m.Value).TakeLast(2).Where(w => w.Length > 2 && !Introduces().IsMatch(w));
        return string.Join(' ', words.Select(w => w.Length > 6 ? w[..6] : w));
    }

    private static (int Days, string Left) DaysOf(string folded)
    {
        var days = 0;
        var rest = new StringBuilder(folded.Length);
        var previous = -1;
        foreach (var word in folded.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var bare = word.Trim('.', ',', ';', ':', '(', ')', '*', '"', '\'', '’', '!', '?');
            var day = DayOf(bare);
            if (day < 0)
            {
                rest.Append(word).Append(' ');
                continue;
            }

            // "pazartesiden cumartesiye", "pazartesi–cuma", "monday to friday"
            if (previous >= 0 && previous < day && DayRange().IsMatch(folded))
                days |= Enumerable.Range(previous, day - previous + 1).Aggregate(0, (bits, d) => bits | (1 << d));
            days |= 1 << day;
            previous = day;
        }

        if (WeekdaysWord().IsMatch(folded))
            days |= Weekdays;
        if (WeekendWord().IsMatch(folded))
            days |= Weekend;
        if (EveryDayWord().IsMatch(folded))
            days |= EveryDay;
        return (days, rest.ToString());
    }

    private static int DayOf(string word)
    {
        for (var day = DayNames.Length - 1; day >= 0; day--)
        {
            if (word.StartsWith(DayNames[day], StringComparison.Ordinal) && DayEnding().IsMatch(word[DayNames[day].Length..])
                && !(day == 6 && word.StartsWith(DayNames[0], StringComparison.Ordinal))
                && !(day == 4 && word.StartsWith(DayNames[5], StringComparison.Ordinal)))
            {
                return day;
            }

            if (word == EnglishDays[day] || word == EnglishDays[day] + "s")
                return day;
        }

        return -1;
    }

    /// <summary>A Turkish sentence ends with what it says of its topic: "ödenir", "ödenmez", "girebilir", "giremez".</summary>
    private static Fact? Predicate(string folded)
    {
        var match = LastVerb().Match(folded);
        if (!match.Success)
            return null;
        // "zorunludur", "yasaktır": a noun with a copula.
        var verb = match.Groups[1].Value;
        if (Copula().IsMatch(verb))
            return null;
        foreach (var (ending, what, holds) in ((string, string, bool)[])
            [("abilirsiniz", "can", true), ("ebilirsiniz", "can", true), ("abilir", "can", true), ("ebilir", "can", true),
             ("amazsiniz", "can", false), ("emezsiniz", "can", false), ("amaz", "can", false), ("emez", "can", false),
             ("maz", "does", false), ("mez", "does", false), ("ir", "does", true), ("ur", "does", true), ("ar", "does", true), ("er", "does", true)])
        {
            if (verb.Length >= ending.Length + 2 && verb.EndsWith(ending, StringComparison.Ordinal))
                return Fact.Polarity($"{what} {verb[..^ending.Length]}", holds);
        }

        return null;
    }

    [GeneratedRegex(@"(?<![\d.,:])(?<g1>\d{1,2})[.:](?<g2>\d{2})\s*(?:[-–—]|ile|to|until)\s*(?<g3>\d{1,2})[.:](?<g4>\d{2})(?![\d])", RegexOptions.None, Timeout)]
    private static partial Regex TimeRange();

    [GeneratedRegex(@"(?<![\d.,:%])(?<g1>\d{1,2})[.:](?<g2>\d{2})(?!\d|[.,]\d|\s*(?:tl|try|lira|avro|euro|eur|usd|€|%))", RegexOptions.None, Timeout)]
    private static partial Regex SingleTime();

    [GeneratedRegex(@"(?<g1>(?:[a-z]+['’]?[a-z]*[\s:(*,]+){0,3})(?:dahili|extension|ext\.)\s*:?\s*\**(?<g2>\d{3,5})\b", RegexOptions.None, Timeout)]
    private static partial Regex Extension();

    [GeneratedRegex(
        @"\b(?<g1>\d{1,2})\.?\s+(?<g2>ocak|subat|mart|nisan|mayis|haziran|temmuz|agustos|eylul|ekim|kasim|aralik|january|february|march|april|may|june|july|august|september|october|november|december)\b",
        RegexOptions.None, Timeout)]
    private static partial Regex DateOfYear();

    [GeneratedRegex(@"%\s?(?<g1>\d+(?:[.,]\d+)?)|\byuzde\s+(?<g2>\d+(?:[.,]\d+)?)|(?<![\d.,])(?<g3>\d+(?:[.,]\d+)?)\s?(?:%|percent\b)", RegexOptions.None, Timeout)]
    private static partial Regex PercentSign();

    [GeneratedRegex(
        @"(?<![\d.,])\b(?<g1>\d{1,3}(?:\.\d{3})+|\d+(?:[.,]\d+)?|iki|uc|dort|bes|alti|yedi|sekiz|dokuz|on|two|three|four|five|six|seven|eight|nine|ten)(?:\s?[-–—]\s?(?<g2>\d+))?[\s*]*-?(?<g3>(?:is|takvim|working|business|calendar)\s[a-z]+|[a-z]+|€|\$)",
        RegexOptions.None, Timeout)]
    private static partial Regex Amount();

    [GeneratedRegex(@"(?<=\d)\.(?=\d{3}\b)", RegexOptions.None, Timeout)]
    private static partial Regex ThousandsMark();

    [GeneratedRegex("[a-z]+", RegexOptions.None, Timeout)]
    private static partial Regex Word();

    [GeneratedRegex(
        "^(?:soru|bilgi|ayrinti|iletis|destek|diger|ara|acil|bas|icin|hat|telefon|numara|randevu|basvur|haber|veya|hemen|once|ver|bildir|git|yaz|sor|gonder|iste|ol|baska|question|info|contact|call|detail|help|phone|the|and|other|further|your|please|please)",
        RegexOptions.None, Timeout)]
    private static partial Regex Introduces();

    [GeneratedRegex("^(?:|y?[aei]|[dt][ae]n?|n[ie]|lari|leri|si|'?[ydt]?[aei]n?|[-–—].*)$", RegexOptions.None, Timeout)]
    private static partial Regex DayEnding();

    [GeneratedRegex(@"[dt][ae]n\s+\S*(?:pazar|sali|carsamba|persembe|cuma)|(?:pazartesi|sali|carsamba|persembe|cuma|day)\s?[-–—]\s?[a-z]|day\s+to\s+", RegexOptions.None, Timeout)]
    private static partial Regex DayRange();

    [GeneratedRegex(@"\bhafta ici|\bis gunleri\b|\bweekdays?\b|\bon working days\b", RegexOptions.None, Timeout)]
    private static partial Regex WeekdaysWord();

    [GeneratedRegex(@"\bhafta sonu|\bweekends?\b", RegexOptions.None, Timeout)]
    private static partial Regex WeekendWord();

    [GeneratedRegex(@"\bher gun\b|\bevery day\b|\bdaily\b|\b7/24\b|\b24/7\b", RegexOptions.None, Timeout)]
    private static partial Regex EveryDayWord();

    [GeneratedRegex(@"\bkapali(?:dir|yiz)?\b|\bclosed\b", RegexOptions.None, Timeout)]
    private static partial Regex ClosedWord();

    [GeneratedRegex(@"\b(?:zorunlu|gerekli|sart|mecburi) degil|\bgerekmez|\bgerekmiyor|\bistege bagli|\bgonullu|\bnot (?:required|necessary|mandatory|compulsory)|\boptional\b|\bneed not\b|\bvoluntary\b", RegexOptions.None, Timeout)]
    private static partial Regex NotRequired();

    [GeneratedRegex(@"\bzorunlu(?:dur)?\b|\bmecburi(?:dir)?\b|\bsart(?:tir)\b|\bgereklidir\b|\bmandatory\b|\bcompulsory\b|\b(?:is|are) required\b", RegexOptions.None, Timeout)]
    private static partial Regex Required();

    [GeneratedRegex(@"\byasak(?:tir)?\b|\bizin verilmez|\bforbidden\b|\bprohibited\b|\bnot (?:allowed|permitted)\b", RegexOptions.None, Timeout)]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"\bserbest(?:tir)\b|\bserbest\s*$|\bizin verilir|\ballowed\b|\bpermitted\b", RegexOptions.None, Timeout)]
    private static partial Regex Allowed();

    [GeneratedRegex(@"\bucretsiz(?:dir)?\s*[.;,]?\s*$|\bucretsizdir\b|\bbedava\b|\bucret alinmaz|\bfree of charge\b|\b(?:is|are) free\b", RegexOptions.None, Timeout)]
    private static partial Regex Free();

    [GeneratedRegex(@"\bucretli(?:dir)\b|\bucrete tabi|\bucret alinir|\bcharged\b|\b(?:is|are) paid\b", RegexOptions.None, Timeout)]
    private static partial Regex Paid();

    [GeneratedRegex(@"\bgecersiz(?:dir)?\b|\bgecerli degil|\binvalid\b|\bnot valid\b", RegexOptions.None, Timeout)]
    private static partial Regex Invalid();

    [GeneratedRegex(@"\bgecerlidir\b|\b(?:is|are) valid\b", RegexOptions.None, Timeout)]
    private static partial Regex Valid();

    [GeneratedRegex(@"\b(?<g1>[a-z]{4,})[\s.*!)]*$", RegexOptions.None, Timeout)]
    private static partial Regex LastVerb();

    [GeneratedRegex("[dt][iu]r$", RegexOptions.None, Timeout)]
    private static partial Regex Copula();
}
