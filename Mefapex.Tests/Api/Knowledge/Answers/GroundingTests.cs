using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Search;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class GroundingTests
{
    private static readonly Passage Turkish = Passage(
        "tr",
        """
        Sıcak çalışma izni yalnızca 8 saat geçerlidir. İş bittikten sonra alan 60 dakika boyunca gözlenir.
        Tanka tek başına girilmez. Tatbikat yılda iki kez, nisan ve ekim aylarında yapılır.
        Hediye çeki nakde çevrilmez.
        """);

    private static readonly Passage English = Passage(
        "en", "Backups are kept for 35 days. USB sticks are not allowed on production computers. Peels are done in June without anaesthesia.");

    [Theory]
    [InlineData("Sıcak çalışma izni 8 saat geçerlidir.", "Sıcak çalışma izni yalnızca 8 saat geçerlidir.")]
    [InlineData("İş bittikten sonra alan 60 dakika gözlenir.", "İş bittikten sonra alan 60 dakika boyunca gözlenir.")]
    [InlineData("Tanka tek başına girilmez.", "Tanka tek başına girilmez.")]
    [InlineData("Tatbikat yılda 2 kez yapılır, nisan ve ekim aylarında.", "Tatbikat yılda iki kez, nisan ve ekim aylarında yapılır.")]
    [InlineData("Backups are kept for 35 days.", "Backups are kept for 35 days.")]
    [InlineData("USB sticks are not allowed on production computers.", "USB sticks are not allowed on production computers.")]
    public void What_the_passage_says_is_found_in_its_place(string sentence, string place)
    {
        var passage = sentence.Contains("USB", StringComparison.Ordinal) || sentence.StartsWith('B') ? English : Turkish;

        Grounding.PlaceOf(sentence, [passage]).ShouldNotBeNull().Text.ShouldBe(place);
    }

    [Theory]
    [InlineData("Sıcak çalışma izni 12 saat geçerlidir.")]
    [InlineData("Sıcak çalışma izni on iki saat geçerlidir.")]
    [InlineData("Sıcak çalışma izni 8 saat geçerli değildir.")]
    [InlineData("Tanka tek başına girilir.")]
    [InlineData("Hediye çeki nakde çevrilir.")]
    [InlineData("Tatbikat mayıs ve ekim aylarında yapılır.")]
    [InlineData("Tatbikat yılda üç kez yapılır.")]
    [InlineData("Sıcak çalışma iznini bölüm müdürü imzalar.")]
    [InlineData("Sistem parolası 1234'tür.")]
    [InlineData("USB sticks are allowed on production computers.")]
    [InlineData("Backups are kept for 53 days.")]
    [InlineData("Peels are done in July without anaesthesia.")]
    [InlineData("Peels are done in June.  They need anaesthesia with a mask.")]
    [InlineData("Evet.")]
    public void What_it_does_not_say_is_not(string sentence) => Grounding.PlaceOf(sentence, [Turkish, English]).ShouldBeNull();

    [Fact]
    public void A_sentence_that_cites_nothing_rests_on_nothing() => Grounding.PlaceOf("Backups are kept for 35 days.", []).ShouldBeNull();

    [Theory]
    [InlineData("Bir cümle. İkinci cümle! Üçüncü?", new[] { "Bir cümle.", "İkinci cümle!", "Üçüncü?" })]
    [InlineData("Saat 08.30'da gelin. Kapı 2. kattadır.", new[] { "Saat 08.30'da gelin.", "Kapı 2. kattadır." })]
    [InlineData("Eldiven, baret vb. Takılır. Dr. Ali imzalar.", new[] { "Eldiven, baret vb. Takılır.", "Dr. Ali imzalar." })]
    [InlineData("Gerekenler:\n- Kask\n- Yelek (sarı)\n1. Form", new[] { "Gerekenler:", "Kask", "Yelek (sarı)", "Form" })]
    [InlineData("  \n\n ", new string[0])]
    public void Sentences_and_list_items_are_told_apart(string text, string[] expected) =>
        Sentences.Of(text).Select(s => s.In(text)).ShouldBe(expected);

    private static Passage Passage(string language, string text) => new(
        Guid.NewGuid(), 1, 0, "Belge", "genel", "İK", null, null, 0, text, language, 1, new PassageCover(1, 1, 0, []), new PassageFeatures
        {
            Coverage = 1,
            Telling = 1,
            FullText = 1,
            Keywords = 1,
            Vector = 1,
        });
}
