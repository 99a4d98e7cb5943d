using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Mefapex.Inference.Text;

/// <summary>
/// Brings forms that mean the same to one: <c>sekiz buçuk</c>, <c>8.30</c> and <c>08:30</c>; <c>1 Mayıs 2026</c> and
/// <c>1.5.2026</c>; <c>10 bin</c>, <c>10.000</c> and <c>10000</c>; <c>yüzde 20</c> and <c>%20</c>; <c>15 günlük</c> and
/// <c>15 gün</c>; <c>napıcam</c> and <c>ne yapacağım</c>; <c>gonna</c> and <c>going to</c>. A step of its own for search;
/// the encoder reads texts as they were written. The result is folded text: words without diacritics between single spaces.
/// </summary>
public static class SpokenForms
{
    private static readonly FrozenDictionary<string, string> Words = Table(
        """
        napicam=ne yapacagim napcam=ne yapacagim napicaz=ne yapacagiz napcaz=ne yapacagiz napiyim=ne yapayim napayim=ne yapayim
        napmam=ne yapmam napmali=ne yapmali napiyorum=ne yapiyorum napiyo=ne yapiyor napilir=ne yapilir naber=ne haber nbr=ne haber
        noluyo=ne oluyor noluyor=ne oluyor noldu=ne oldu nolur=ne olur nolucak=ne olacak nolcak=ne olacak
        bi=bir bise=bir sey bisey=bir sey biseyi=bir seyi bisi=bir sey bikac=bir kac bisiler=bir seyler birsey=bir sey hicbisey=hicbir sey
        nasi=nasil nasl=nasil nerde=nerede nerden=nereden nerdeyim=neredeyim nerdesiniz=neredesiniz
        burda=burada burdan=buradan surda=surada orda=orada ordan=oradan disarda=disarida icerde=iceride yukarda=yukarida
        dimi=degil mi diil=degil deil=degil degilmi=degil mi varmi=var mi yokmu=yok mu olurmu=olur mu oluyomu=oluyor mu
        tmm=tamam tsk=tesekkurler tesekkur=tesekkurler slm=selam mrb=merhaba lutfn=lutfen
        gonna=going to wanna=want to gotta=have to gimme=give me lemme=let me dunno=do not know kinda=kind of
        dont=do not don't=do not doesnt=does not doesn't=does not didnt=did not didn't=did not cant=cannot can't=cannot
        wont=will not won't=will not isnt=is not isn't=is not arent=are not aren't=are not wasnt=was not wasn't=was not
        havent=have not haven't=have not hasnt=has not hasn't=has not couldnt=could not couldn't=could not
        i'm=i am i've=i have whats=what is what's=what is wheres=where is where's=where is
        pls=please plz=please thx=thanks
        """);

    private static readonly FrozenDictionary<string, int> Turkish = Numbers(
        "sifir=0 bir=1 iki=2 uc=3 dort=4 bes=5 alti=6 yedi=7 sekiz=8 dokuz=9 on=10 yirmi=20 otuz=30 kirk=40 elli=50 altmis=60 " +
        "yetmis=70 seksen=80 doksan=90 yuz=100 bin=1000 milyon=1000000");

    private static readonly FrozenDictionary<string, int> English = Numbers(
        "zero=0 one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 " +
        "fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 " +
        "eighty=80 ninety=90 hundred=100 thousand=1000 million=1000000");

    /// <summary>Number words that usually are something else when they stand alone: a, under, ate, face, get on, on.</summary>
    private static readonly FrozenSet<string> Ambiguous = Split("bir alti yedi on yuz bin one").ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> Units = Split(
        "gun gunluk gunde ay aylik ayda hafta haftalik yil yillik sene senelik saat saatlik dakika dakikalik kisi kisilik lira tl euro " +
        "kat adet yas yasinda kilo metre day days week weeks month months year years hour hours minute minutes people").ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> Durations = Split(
        "gun ay hafta yil sene saat dakika kilo metre lira tl gunluk saatlik aylik yillik haftalik").ToFrozenSet(StringComparer.Ordinal);

    private static readonly string[] Months =
        ["ocak", "subat", "mart", "nisan", "mayis", "haziran", "temmuz", "agustos", "eylul", "ekim", "kasim", "aralik"];

    private static readonly string[] EnglishMonths =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    private static readonly string[] CaseEndings =
        ["inci", "uncu", "nci", "ncu", "den", "dan", "ten", "tan", "de", "da", "te", "ta", "ye", "ya", "si", "e", "a"];

    private static readonly Regex Future = Pattern("^(?<stem>[a-z]{2,}?)[iu]c(?<a>[ae])(?<person>m|z|k|n|ksin|ksiniz|klar|kler)$");
    private static readonly Regex Present = Pattern("(?<vowel>[iu])yo(?<person>|m|z|sun|sunuz|lar|dum|du)$");
    private static readonly Regex Figure = Pattern(@"^([0-9]+|[0-9]{1,3}([.,][0-9]{3})+)$");
    private static readonly Regex Time = Pattern(@"^(?<hour>[01]?[0-9]|2[0-3])[.:](?<minute>[0-5][0-9])$");
    private static readonly Regex DayFirst = Pattern(@"^(?<day>[0-9]{1,2})[./-](?<month>[0-9]{1,2})[./-](?<year>[0-9]{4})$");
    private static readonly Regex YearFirst = Pattern(@"^(?<year>[0-9]{4})-(?<month>[0-9]{1,2})-(?<day>[0-9]{1,2})$");

    /// <summary>The folded words of a text in their common form.</summary>
    /// <param name="language">ISO 639-1 of the text; English number words are read in English texts only.</param>
    public static string Of(string text, string language = "tr")
    {
        ArgumentNullException.ThrowIfNull(text);
        var folded = FoldedText.Of(text, language);
        var words = new List<string>();
        foreach (var token in folded.EnumerateTokens())
        {
            var word = token.Kind == TextTokenKind.Number || !Words.ContainsKey(folded.FoldedOf(token).ToString())
                ? folded.StemOf(token).ToString()
                : folded.FoldedOf(token).ToString();
            if (token.Kind == TextTokenKind.Word)
                words.AddRange((Words.GetValueOrDefault(word) ?? Spoken(word, language)).Split(' '));
            else
                words.Add(word);
        }

        return string.Join(' ', Figures(words, language == "en" ? English : Turkish));
    }

    /// <summary>Future and present as they are spoken: gidicem, gelmicem, istiyom, geliyosun, oluyo.</summary>
    private static string Spoken(string word, string language)
    {
        if (language == "en" || word.Length < 5)
            return word;
        if (Future.Match(word) is { Success: true } future)
        {
            var stem = future.Groups["stem"].Value;
            var back = future.Groups["a"].Value == "a";
            // gelmicem: the negation stands between; otherwise a stem in a vowel takes a y.
            var link = stem[^1] is 'm' && stem.Length > 3 ? (back ? "ay" : "ey") : "";
            var person = future.Groups["person"].Value;
            var (k, g) = back ? ("acak", "acag") : ("ecek", "eceg");
            return stem + link + person switch
            {
                "m" => g + "im",
                "z" => g + "iz",
                "k" => k,
                "n" => k + "sin",
                _ => k + person[1..],
            };
        }

        return Present.Replace(word, static m => m.Groups["vowel"].Value + "yor" + m.Groups["person"].Value switch
        {
            "m" => "um",
            "z" => "uz",
            var other => other,
        });
    }

    private static List<string> Figures(List<string> words, FrozenDictionary<string, int> numbers)
    {
        var result = new List<string>(words.Count);
        for (var i = 0; i < words.Count;)
        {
            if (words[i] is "yuzde" or "percent" && i + 1 < words.Count && NumberAt(words, i + 1, numbers) is { } share)
            {
                result.Add(share.Value.ToString(CultureInfo.InvariantCulture));
                i = share.End;
            }
            else if (DateAt(words, i) is { } date)
            {
                result.Add(date.Text);
                i = date.End;
            }
            else if (TimeOf(words[i]) is { } time)
            {
                result.Add(time);
                i++;
            }
            else if (NumberAt(words, i, numbers) is { } number)
            {
                i = AddNumber(words, number, result);
            }
            else
            {
                result.Add(words[i++]);
            }
        }

        return result;
    }

    /// <summary>The figure itself, half past that hour, or a span of time without its -lik.</summary>
    private static int AddNumber(List<string> words, (long Value, int End) number, List<string> result)
    {
        var next = number.End < words.Count ? words[number.End] : "";
        var half = next is "bucuk" or "bucukta" or "bucuga" or "bucuktan";
        if (half && number.Value < 24 && !(number.End + 1 < words.Count && Durations.Contains(words[number.End + 1])))
        {
            result.Add(string.Create(CultureInfo.InvariantCulture, $"{number.Value:00}:30"));
            return number.End + 1;
        }

        result.Add(number.Value.ToString(CultureInfo.InvariantCulture));
        if (next.Length > 4 && Units.Contains(next) && (next.EndsWith("luk", StringComparison.Ordinal) || next.EndsWith("lik", StringComparison.Ordinal)))
        {
            result.Add(next[..^3]);
            return number.End + 1;
        }

        return number.End;
    }

    /// <summary>A number in figures or words: 10.000, 10 bin, on beş, sekizde.</summary>
    private static (long Value, int End)? NumberAt(List<string> words, int start, FrozenDictionary<string, int> numbers)
    {
        long total = 0, part = 0;
        var end = start;
        var alone = true;
        var hour = start > 0 && words[start - 1] is "saat";
        var last = long.MaxValue;
        for (; end < words.Count; end++)
        {
            var word = words[end];
            if (end == start && FigureOf(word) is { } figure)
            {
                (part, last) = (figure, 1);
                continue;
            }

            var ending = "";
            if (!numbers.TryGetValue(word, out var value))
            {
                ending = CaseEndings.FirstOrDefault(e =>
                    word.EndsWith(e, StringComparison.Ordinal) && numbers.ContainsKey(word[..^e.Length])
                    && (hour || !Ambiguous.Contains(word[..^e.Length])));
                if (ending is null)
                    break;
                value = numbers[word[..^ending.Length]];
            }

            if (value >= 1000)
            {
                (total, part) = (total + (Math.Max(1, part) * value), 0);
            }
            else if (value == 100 && part < 10)
            {
                part = Math.Max(1, part) * 100;
            }
            else if (last <= value || (last < 10 && end > start))
            {
                break;
            }
            else
            {
                part += value;
            }

            last = value;
            alone = end == start;
            if (ending.Length > 0)
            {
                end++;
                break;
            }
        }

        if (end == start || total + part > 999_999_999)
            return null;
        var bare = alone && Ambiguous.Contains(words[start]);
        var measured = end < words.Count && (Units.Contains(words[end]) || words[end].StartsWith("bucuk", StringComparison.Ordinal));
        return bare && !hour && !measured ? null : (total + part, end);
    }

    /// <summary>Digits, with points or commas between groups of three.</summary>
    private static long? FigureOf(string word) =>
        word.Length <= 12 && Figure.IsMatch(word) && long.TryParse(word.Replace(".", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    private static string? TimeOf(string word) =>
        Time.Match(word) is { Success: true } time
            ? string.Create(CultureInfo.InvariantCulture, $"{int.Parse(time.Groups["hour"].ValueSpan, CultureInfo.InvariantCulture):00}:{time.Groups["minute"].Value}")
            : null;

    private static (string Text, int End)? DateAt(List<string> words, int i)
    {
        if (DayFirst.Match(words[i]) is { Success: true } date || (date = YearFirst.Match(words[i])).Success)
            return Iso(date.Groups["year"].Value, date.Groups["month"].Value, date.Groups["day"].Value, i + 1);
        if (words[i].Length > 2 || !int.TryParse(words[i], CultureInfo.InvariantCulture, out _) || i + 2 >= words.Count || words[i + 2].Length != 4)
            return null;
        var month = Math.Max(Array.IndexOf(Months, words[i + 1]), Array.IndexOf(EnglishMonths, words[i + 1])) + 1;
        return month > 0 ? Iso(words[i + 2], month.ToString(CultureInfo.InvariantCulture), words[i], i + 3) : null;
    }

    private static (string Text, int End)? Iso(string year, string month, string day, int end) =>
        DateOnly.TryParseExact($"{year}-{month}-{day}", "yyyy-M-d", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? (date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), end)
            : null;

    private static FrozenDictionary<string, string> Table(string pairs)
    {
        var table = new Dictionary<string, string>(StringComparer.Ordinal);
        string? key = null;
        foreach (var part in Split(pairs))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at > 0)
                table[key = part[..at]] = part[(at + 1)..];
            else
                table[key!] += " " + part;
        }

        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static FrozenDictionary<string, int> Numbers(string pairs) =>
        Table(pairs).ToFrozenDictionary(p => p.Key, p => int.Parse(p.Value, CultureInfo.InvariantCulture), StringComparer.Ordinal);

    private static string[] Split(string words) => words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static Regex Pattern(string pattern) =>
        new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);
}
