using System.Collections.Frozen;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Tells Turkish from English by letters, little words and endings, without a model.</summary>
internal static class LanguageGuess
{
    private static readonly FrozenSet<string> English = Words(
        """
        a about after am an and any are arrive at be before book call can change cost days did do does for from get give go had
        has have hello help hi how i in is it late lost me missed my need no not of on or our out pay please say should so someone take
        thank thanks that the their them there they this to up want was we what when where which who why will with work working you your
        """);

    private static readonly FrozenSet<string> Turkish = Words(
        """
        acaba ama bana bende beni benim bir biri biz bize bizim bu bugun bunu cok daha de da degil diye evet gibi gun hangi hayir icin
        ile kac kim kime mi midir miyim miyiz mu musunuz nasil ne neden nerede nereden nereye neresi nedir olur oldu sonra su var ve veya
        ya yarin yok zaman lazim gerek geldi gelmedi istiyorum yapmaliyim merhaba selam tesekkurler
        """);

    private static readonly string[] TurkishEndings =
        ["iyor", "uyor", "iyorum", "uyorum", "acak", "ecek", "acagim", "ecegim", "abilir", "ebilir", "lari", "leri", "mak", "mek", "dim", "dum",
         "tim", "tum", "sin", "siniz", "miyim", "lar", "ler", "dan", "den", "imi", "umu", "nin", "nun"];

    /// <summary>The language; without a sign it is the fallback.</summary>
    public static string Of(string text, string fallback)
    {
        var folded = FoldedText.Of(text, "en");
        var turkish = text.IndexOfAny(['ç', 'ğ', 'ı', 'ö', 'ş', 'ü', 'Ç', 'Ğ', 'İ', 'Ö', 'Ş', 'Ü']) >= 0 ? 2.0 : 0;
        var english = 0.0;
        foreach (var token in folded.Tokens)
        {
            var word = folded.StemOf(token).ToString();
            if (Turkish.Contains(word))
                turkish++;
            else if (English.Contains(word))
                english++;
            else if (word.Length > 5 && TurkishEndings.Any(e => word.EndsWith(e, StringComparison.Ordinal)))
                turkish += 0.6;
            else if (word.AsSpan().ContainsAny("wqx") || word.EndsWith("ing", StringComparison.Ordinal) || word.EndsWith("tion", StringComparison.Ordinal))
                english += 0.6;
        }

        return (turkish, english) switch
        {
            _ when turkish > english => "tr",
            _ when english > turkish => "en",
            _ => fallback,
        };
    }

    private static FrozenSet<string> Words(string words) =>
        words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
