using Mefapex.Api.Knowledge.Search;
using Mefapex.Inference.Text;

namespace Mefapex.Tests.Api.Knowledge.Search;

public sealed class LightStemmerTests
{
    [Theory]
    [InlineData("izin", "iznimi")]
    [InlineData("izin", "izinden")]
    [InlineData("izin", "izinlerimi")]
    [InlineData("servis", "servisi")]
    [InlineData("şifre", "şifremi")]
    [InlineData("yemek", "yemeği")]
    [InlineData("yıkamak", "yıkayabilirim")]
    [InlineData("vardiya", "vardiyadayım")]
    [InlineData("bordro", "bordromu")]
    [InlineData("kayıt", "kaydı")]
    [InlineData("çalışmak", "çalışıyoruz")]
    public void Endings_do_not_keep_forms_of_a_word_apart(string word, string form) => Match(word, form).ShouldBeGreaterThan(0.5);

    [Theory]
    [InlineData("hastane", "hasta")]
    [InlineData("para", "par")]
    [InlineData("kart", "kar")]
    [InlineData("ücretsiz", "ücretli")]
    public void Different_words_are_not_taken_for_one(string word, string other) => Match(word, other).ShouldBeLessThan(0.9);

    [Theory]
    [InlineData("shifts", "shift")]
    [InlineData("policies", "policy")]
    [InlineData("running", "run")]
    [InlineData("missed", "miss")]
    [InlineData("leave", "leaves")]
    public void English_endings_come_off_English_words(string word, string other) =>
        LightStemmer.Stem(word, "en").ShouldBe(LightStemmer.Stem(other, "en"));

    [Theory]
    [InlineData("çalışma", "calisma")]
    [InlineData("para", "para")]
    [InlineData("hastane", "hastane")]
    [InlineData("İZİN", "izin")]
    public void The_word_itself_stays_beside_the_stem(string word, string folded) => Term(word).Folded.ShouldBe(folded);

    [Fact]
    public void Numbers_and_codes_are_left_alone()
    {
        LightStemmer.Stem("1240", "tr").ShouldBe("1240");
        LightStemmer.Stem("dp-04", "tr").ShouldBe("dp-04");
        LightStemmer.Stem("c#", "tr").ShouldBe("c#");
    }

    private static double Match(string a, string b) => Term(a).Match(Term(b));

    private static Term Term(string word) => Mefapex.Api.Knowledge.Search.Term.Of(FoldedText.Of(word), "tr").Single();
}
