using System.Globalization;
using Mefapex.Inference.Text;

namespace Mefapex.Tests.Inference.Text;

public sealed class SpokenFormsTests
{
    [Theory]
    [InlineData("sekiz buçukta", "8.30'da", "08:30")]
    [InlineData("altı buçukta", "6:30", "06:30")]
    [InlineData("1 Mayıs 2026", "1.5.2026", "01/05/2026", "2026-05-01")]
    [InlineData("10 bin lira", "10.000 lira", "10000 lira", "on bin lira")]
    [InlineData("yüzde 20", "%20", "yüzde yirmi")]
    [InlineData("15 gün", "15 günlük", "on beş gün", "15 GÜN")]
    [InlineData("üç", "3", "ÜÇ", "3'e")]
    [InlineData("saat yedide", "saat 7'de")]
    [InlineData("yüz yirmi bin", "120.000", "120 bin")]
    public void Forms_of_one_figure_meet(params string[] forms)
    {
        foreach (var form in forms)
            SpokenForms.Of(form).ShouldBe(SpokenForms.Of(forms[0]), form);
    }

    [Theory]
    [InlineData("napıcam", "ne yapacagim")]
    [InlineData("gidicem", "gidecegim")]
    [InlineData("görücem", "gorecegim")]
    [InlineData("gelmicem", "gelmeyecegim")]
    [InlineData("yapıcaksın", "yapacaksin")]
    [InlineData("istiyom", "istiyorum")]
    [InlineData("oluyo", "oluyor")]
    [InlineData("bi nası nerden naber", "bir nasil nereden ne haber")]
    public void Spoken_Turkish_is_written_out(string spoken, string written) => SpokenForms.Of(spoken).ShouldBe(written);

    [Theory]
    [InlineData("I'm gonna wait, don't call", "i am going to wait do not call")]
    [InlineData("dont wanna", "do not want to")]
    [InlineData("twenty five days", "25 days")]
    public void Spoken_English_is_written_out(string spoken, string written) => SpokenForms.Of(spoken, "en").ShouldBe(written);

    [Theory]
    [InlineData("yüz yüze", "yuz yuze")]
    [InlineData("masanın altı", "masanin alti")]
    [InlineData("bir soru", "bir soru")]
    [InlineData("iki buçuk saat", "2 bucuk saat")]
    [InlineData("sıcak bıçak ocak", "sicak bicak ocak")]
    [InlineData("koleksiyon radyo", "koleksiyon radyo")]
    [InlineData("çalışma para hastane İZİN", "calisma para hastane izin")]
    public void Words_that_only_look_like_it_stay(string text, string same) => SpokenForms.Of(text).ShouldBe(same);

    [Fact]
    public void On_is_a_number_in_Turkish_only()
    {
        SpokenForms.Of("on gün").ShouldBe("10 gun");
        SpokenForms.Of("on day one", "en").ShouldBe("on day one");
    }

    [Fact]
    public void Every_number_meets_its_words()
    {
        var random = new Random(11);
        for (var i = 0; i < 2000; i++)
        {
            var number = random.Next(2, 1_000_000);
            SpokenForms.Of($"{InWords(number)} lira").ShouldBe(
                string.Create(CultureInfo.InvariantCulture, $"{number} lira"), InWords(number));
        }
    }

    [Fact]
    public void Any_text_is_taken_and_gives_the_same_words_each_time()
    {
        string[] parts =
        [
            "on", "beş", "yüz", "bin", "buçuk", "saat", "günlük", "8.30", "1.5.2026", "10.000", "%20", "yüzde", "gidicem", "istiyom", "bi",
            "don't", "İZİN", "I", "ı", "\u0307", "٣", "½", "e-posta@firma.com", "C#", "😀", "\ud800", "mayıs", "2026", "ca", "iyo", "-", "'",
        ];
        var random = new Random(5);
        for (var i = 0; i < 3000; i++)
        {
            var text = string.Join(random.Next(4) == 0 ? "" : " ", Enumerable.Range(0, random.Next(1, 8)).Select(_ => parts[random.Next(parts.Length)]));
            foreach (var language in (string[])["tr", "en"])
            {
                var once = SpokenForms.Of(text, language);
                once.ShouldBe(SpokenForms.Of(text, language));
                once.ShouldNotContain("  ");
                once.Trim().ShouldBe(once);
                once.Any(char.IsUpper).ShouldBeFalse(text);
            }
        }
    }

    [Fact]
    public void Case_and_diacritics_make_no_difference()
    {
        foreach (var text in (string[])["Gidicem yarın sekiz buçukta", "On beş günlük raporum var", "Nası bi şey istiyom"])
        {
            SpokenForms.Of(text.ToUpper(CultureInfo.GetCultureInfo("tr-TR"))).ShouldBe(SpokenForms.Of(text));
            SpokenForms.Of(TurkishFolding.Fold(text)).ShouldBe(SpokenForms.Of(text));
        }
    }

    private static string InWords(int number)
    {
        string[] ones = ["", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz"];
        string[] tens = ["", "on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan"];
        string Below(int n) => string.Join(' ', ((string[])
            [n >= 200 ? ones[n / 100] : "", n >= 100 ? "yüz" : "", tens[n / 10 % 10], ones[n % 10]]).Where(w => w.Length > 0));
        var thousands = number / 1000;
        return string.Join(' ', ((string[])
            [thousands > 1 ? Below(thousands) : "", thousands > 0 ? "bin" : "", Below(number % 1000)]).Where(w => w.Length > 0));
    }
}
