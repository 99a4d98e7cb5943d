using System.Collections.Frozen;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>
/// Takes inflection off a folded word, so that <c>iznimi</c>, <c>izinden</c> and <c>izin</c> meet, and <c>shifts</c> and
/// <c>shift</c>. The stem is only a key to compare by, beside the word itself: it need not be a word, and nothing shows
/// it. Turkish endings that change the meaning (-siz, -li, -ci, -lik, -ma) stay.
/// </summary>
internal static class LightStemmer
{
    private const int MaxRounds = 4;

    /// <summary>Longest first within each round; the number is the shortest stem that the ending may leave.</summary>
    private static readonly (string Ending, int Stem)[] Endings = MakeEndings();

    /// <summary>The same, by their last letter.</summary>
    private static readonly (string Ending, int Stem)[][] EndingsByLast =
        [.. Enumerable.Range('a', 26).Select(last => Endings.Where(e => e.Ending[^1] == last).ToArray())];

    /// <summary>Nouns that lose their last vowel before an ending.</summary>
    private static readonly FrozenDictionary<string, string> DroppedVowels = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["izn"] = "izin", ["sehr"] = "sehir", ["agz"] = "agiz", ["burn"] = "burun", ["boyn"] = "boyun", ["omz"] = "omuz",
        ["ogl"] = "ogul", ["fikr"] = "fikir", ["vakt"] = "vakit", ["akl"] = "akil", ["kayd"] = "kayit", ["emr"] = "emir",
        ["karn"] = "karin", ["aln"] = "alin", ["gogs"] = "gogus", ["sekl"] = "sekil", ["metn"] = "metin", ["kism"] = "kisim",
        ["omr"] = "omur", ["resm"] = "resim", ["ism"] = "isim", ["beyn"] = "beyin", ["nakl"] = "nakil", ["devr"] = "devir",
        ["ilm"] = "ilim", ["kayn"] = "kayin",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <param name="language">ISO 639-1: <c>en</c> for English, anything else is read as Turkish.</param>
    public static string Stem(string folded, string language)
    {
        foreach (var c in folded)
        {
            if (!char.IsAsciiLetterLower(c))
                return folded;
        }

        return language == "en" ? English(folded) : Turkish(folded);
    }

    private static string English(string word)
    {
        if (word.Length > 4 && word.EndsWith("ies", StringComparison.Ordinal))
            return word[..^3] + "y";
        var stem = word;
        if (stem.Length > 3 && stem[^1] == 's' && stem[^2] is not ('s' or 'u' or 'i'))
            stem = stem[..^1];
        if (stem.Length > 5 && stem.EndsWith("ing", StringComparison.Ordinal) && HasVowel(stem.AsSpan(0, stem.Length - 3)))
            stem = Undouble(stem[..^3]);
        else if (stem.Length > 4 && stem.EndsWith("ed", StringComparison.Ordinal) && HasVowel(stem.AsSpan(0, stem.Length - 2)))
            stem = Undouble(stem[..^2]);
        return stem.Length > 3 && stem[^1] == 'e' ? stem[..^1] : stem;
    }

    private static string Undouble(string stem) =>
        stem.Length > 3 && stem[^1] == stem[^2] && stem[^1] is not ('l' or 's' or 'z') ? stem[..^1] : stem;

    private static string Turkish(string folded)
    {
        var stem = folded.AsSpan();
        for (var round = 0; round < MaxRounds; round++)
        {
            var shorter = StripOne(stem);
            if (shorter.Length == stem.Length)
                break;
            stem = shorter;
        }

        if (stem.Length == folded.Length)
            return folded;
        var result = stem.ToString();
        if (DroppedVowels.TryGetValue(result, out var whole))
            return whole;
        return Harden(result);
    }

    private static ReadOnlySpan<char> StripOne(ReadOnlySpan<char> word)
    {
        foreach (var (ending, shortest) in EndingsByLast[word[^1] - 'a'])
        {
            var left = word.Length - ending.Length;
            if (left < 2 || !word.EndsWith(ending, StringComparison.Ordinal))
                continue;
            var stem = word[..left];
            if ((left >= shortest && HasVowel(stem)) || DroppedVowels.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(stem))
                return stem;
        }

        return word;
    }

    /// <summary>yemeg(i) → yemek, kagid(i) → kagit, kitab(i) → kitap.</summary>
    private static string Harden(string stem) => stem[^1] switch
    {
        'b' => stem[..^1] + 'p',
        'd' => stem[..^1] + 't',
        'g' => stem[..^1] + 'k',
        _ => stem,
    };

    private static bool HasVowel(ReadOnlySpan<char> text) => text.ContainsAny("aeiou");

    private static (string, int)[] MakeEndings()
    {
        const string Nominal =
            "lar ler lari leri larim lerim larimiz lerimiz lariniz leriniz larinda lerinde larindan lerinden larina lerine " +
            "larini lerini larin lerin " +
            "imiz umuz iniz unuz miz muz niz nuz " +
            "nin nun si su sini sunu sine suna sinda sinde sunda sundan sindan sinden " +
            "ini unu ine una inda inde unda indan inden undan imi umu ime uma imde umda imden umdan imin umun " +
            "yi yu ya ye da de ta te dan den tan ten nda nde ndan nden yla yle la le ca ce daki deki taki teki";
        const string Verbal =
            "mak mek iyor uyor iyorum uyorum iyorsun uyorsun iyoruz uyoruz iyorsunuz uyorsunuz iyorlar uyorlar yorum yorsun yoruz " +
            "yor miyor muyor miyorum muyorum " +
            "acak ecek acagim ecegim acagiz ecegiz acaksin eceksin acaksiniz eceksiniz yacak yecek yacagim yecegim yacagiz yecegiz " +
            "maliyim meliyim maliyiz meliyiz mali meli malisiniz melisiniz " +
            "abilir ebilir yabilir yebilir abilirim ebilirim yabilirim yebilirim abiliyor ebiliyor abilirmiyim ebilirmiyim " +
            "abiliriz ebiliriz yabiliriz yebiliriz abiliyoruz ebiliyoruz abilecek ebilecek " +
            "dim dum tim tum din dun tin tun dik duk tik tuk diniz dunuz tiniz tunuz dilar diler tilar tiler di du ti tu " +
            "mis mus misim musum miss " +
            "digim dugum tigim tugum digimiz dugumuz tigimiz tugumuz digini tigini digi dugu tigi tugu diginde tiginda digimde tigimde " +
            "sam sem san sen sak sek saniz seniz sa se irsa erse arsa ursa irsam ersem arsam " +
            "irim erim arim urum iriz eriz ariz uruz ilir ulur inir unur niyor nuyor iliyor uluyor iniyor unuyor " +
            "madan meden inca ince unca ken arken erken irken ip up yip yup " +
            "sin sun siniz sunuz";
        const string Short = "im um in un i u a e m ir er ar ur";
        return
        [
            .. (Nominal + " " + Verbal).Split(' ')
                .Select(e => (Ending: e, Stem: e.StartsWith("nd", StringComparison.Ordinal) ? 5 : e.Length >= 3 ? 3 : 4))
                .Concat(Short.Split(' ').Select(e => (Ending: e, Stem: 4)))
                .Distinct()
                .OrderByDescending(e => e.Ending.Length)
                .ThenBy(e => e.Ending, StringComparer.Ordinal),
        ];
    }
}
