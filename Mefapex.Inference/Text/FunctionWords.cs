using System.Collections.Frozen;

namespace Mefapex.Inference.Text;

/// <summary>Turkish and English words that carry grammar rather than meaning, in folded form: question words,
/// particles, pronouns, postpositions, auxiliaries.</summary>
public static class FunctionWords
{
    private static readonly FrozenSet<string> Words = Split(
        """
        ve veya ya yahut ile ise icin ama fakat ancak lakin de da ki mi mu bu su o bunu sunu onu bunun onun bir ne
        nasil neden nicin niye hangi hangisi kim kime kimi kimden kimin nerede nereden nereye neresi nere kac kaca kacta
        kactan zaman var yok misin misiniz miyim miyiz musun musunuz muyum muyuz mudur midir olur olacak olan olarak
        oldu olsa olmasi gibi daha cok en her hic sey seyi ben biz sen siz onlar beni bizi seni sizi bana bize sana size
        benim bizim senin sizin bende bizde yani eger kadar sonra once gore degil iken diye hem bile artik simdi zaten
        acaba peki lutfen
        the a an and or but of to in on at for from with by about into out up so if then than as not no any some is am
        are was were be been do does did can could will would should shall may might must i you he she it we they me us
        him her them my your our their its this that these those there here what which who whom whose when where why
        how have has had get please
        """).ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Lookup =
        Words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether a folded word is one of them.</summary>
    public static bool Contains(ReadOnlySpan<char> foldedWord) => Lookup.Contains(foldedWord);

    private static string[] Split(string words) =>
        words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
