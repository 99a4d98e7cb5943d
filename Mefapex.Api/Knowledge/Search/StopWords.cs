using System.Collections.Frozen;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>
/// Folded words that say little about the topic. They are left out of the full-text query, where they would match
/// everything, and weigh little in the comparison of terms; question words (kaç, nerede, kim) are not among them,
/// because they tell neighbouring entries apart.
/// </summary>
internal static class StopWords
{
    private static readonly FrozenSet<string> Words =
        """
        acaba ama ancak artik aslinda ayrica az bana bazi belki ben bende beni benim bi bile bir biraz biri biz bize bizi bizim
        bu bunu bunun burada buraya cok cunku da daha de demek diye dolayi eger en fakat falan filan gibi ha hem hep hepsi
        her herhangi hic icin ile ilgili ise iste ki kendi lutfen m mesela mi midir miyim miyiz mu mudur muyum muyuz nedir o ol
        olan olarak oldu oldugu olmak olsa olsun olur olurum olursa olacak oluyor ona onu onun orada oraya oyle peki sanki sen
        senin sey seyi siz size sizi sizin sonra sorabilir su sunu tabii tam tamam tum vallahi valla var varmi ve veya ya yada
        yani yine yok yoksa zaten abi abla arkadaslar hocam merhaba selam tesekkurler sagol rica ederim edebilir ediyorum
        etmek etsem edeyim yapmam yapmak yapmali yapmaliyim yapmaliyiz yapayim yapabilirim yapilir yapiliyor gerek gerekir
        gerekiyor lazim istiyorum isterim istesem
        a about am an and any are as at be been but by can could did do does doing for from get got had has have having hello
        hey hi i if i'd i'll i'm i've in into is it it's its just let like may me might mine must my need of on or our ours
        please shall should so some that the their them then there these they this those to too up us want was we were what
        what's will with would you your yours
        """
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> Questions =
        """
        nasil kac kaca kacta kactan nerede nerde nereden nerden nereye kim kime kimi kimden zaman neden niye nicin hangi
        how many much long when where who whom why which
        """
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .ToFrozenSet(StringComparer.Ordinal);

    public static bool Contains(string folded) => Words.Contains(folded);

    /// <summary>Words that say what is asked about a topic: common, yet they tell neighbouring entries apart.</summary>
    public static bool IsQuestionWord(string folded) => Questions.Contains(folded);
}
