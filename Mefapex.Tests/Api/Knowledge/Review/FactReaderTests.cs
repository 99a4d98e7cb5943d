using System.Text.Json;
using Mefapex.Api.Knowledge.Review.Contradictions;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Review;

public sealed class FactReaderTests
{
    [Theory]
    [InlineData("tr", "Cumartesi 09.00–13.00 arasında açığız.", "hours=09:00-13:00")]
    [InlineData("en", "On Saturdays 9:00 to 13:00.", "hours=09:00-13:00")]
    [InlineData("tr", "Cumartesi günleri kapalıyız.", "hours=closed")]
    [InlineData("tr", "Talebi en az 10 iş günü önce gönderin.", "quantity:workday=10")]
    [InlineData("en", "Send it at least ten working days before.", "quantity:workday=10")]
    [InlineData("tr", "Bedeli 1.250 TL, indirim %20.", "percent=20 quantity:try=1250")]
    [InlineData("en", "A discount of 20 percent.", "percent=20")]
    [InlineData("tr", "Süt izni günde 1,5 saattir.", "quantity:hour=1.5")]
    [InlineData("tr", "Başvurular 15 Mart'ta biter.", "date=03-15 is:does bit=yes")]
    [InlineData("en", "It ends on 15 March.", "date=03-15")]
    [InlineData("tr", "Vardiya amiri: dahili 1810.", "phone:vardiy amiri=1810")]
    [InlineData("tr", "Liste her perşembe yayımlanır.", "is:does yayimlan=yes weekday=8")]
    [InlineData("tr", "Depoda sigara içmek yasaktır.", "is:allowed=no")]
    [InlineData("tr", "Depoda sigara içmek serbesttir.", "is:allowed=yes")]
    [InlineData("tr", "Otopark ücretsizdir.", "is:free=yes")]
    [InlineData("tr", "Refakatçi işlem odasına giremez.", "is:can gir=no")]
    [InlineData("tr", "Refakatçi işlem odasına girebilir.", "is:can gir=yes")]
    [InlineData("tr", "Pazarlama ekibi ayakta.", "")]
    public void Facts_of_a_sentence_are_read_in_a_form_that_both_languages_share(string language, string sentence, string facts) =>
        string.Join(' ', FactReader.Read(sentence, language).All.Select(f => $"{f.Key}={f.Value}").Order(StringComparer.Ordinal)).ShouldBe(facts);

    [Fact]
    public void Saturday_hours_said_three_ways_are_found()
    {
        List<Statement> all =
        [
            .. Statement.Of("calisma-saatleri", "tr", "Çalışma saatleri", "Hafta içi 08.00–18.00 açığız. Cumartesi 09.00–13.00 arasında hizmet veririz."),
            .. Statement.Of("cumartesi", "tr", "Cumartesi çalışma saatleri", "Cumartesi günleri 10.00–14.00 arasında hizmet veririz."),
            .. Statement.Of("hafta-sonu", "tr", "Hafta sonu çalışma saatleri", "Cumartesi ve pazar kapalıyız."),
            .. Statement.Of("yemek", "tr", "Yemekhane menüsü", "Cumartesi çorba ve pilav çıkar."),
        ];

        var clashes = ContradictionSearch.Find(all, all);

        clashes.Select(c => string.Join(' ', ((string[])[c.Left.EntryId, c.Right.EntryId]).Order(StringComparer.Ordinal))).Distinct().ShouldBe(
            ["calisma-saatleri cumartesi", "calisma-saatleri hafta-sonu", "cumartesi hafta-sonu"], ignoreOrder: true);
        clashes.ShouldAllBe(c => c.Key == Fact.Hours);
    }

    [Fact]
    public void The_same_sentence_with_another_figure_and_another_language_with_another_figure_are_found()
    {
        List<Statement> all =
        [
            .. Statement.Of("otopark", "tr", "Çalışan otoparkı", "Saha içi hız sınırı 20 km/saattir."),
            .. Statement.Of("trafik", "tr", "Fabrikada trafik", "Saha içi hız sınırı 30 km/saattir."),
            .. Statement.Of("trafik", "en", "Traffic on site", "The speed limit is 40 km per hour."),
        ];

        var clashes = ContradictionSearch.Find(all, all);

        clashes.Count.ShouldBe(2);
        clashes[0].SameSentence.ShouldBeTrue();
        (clashes[0].LeftValue, clashes[0].RightValue).ShouldBe(("20", "30"));
        (clashes[1].LeftValue, clashes[1].RightValue).ShouldBe(("30", "40"));
    }

    [Theory]
    [InlineData("fabrika", 2)]
    [InlineData("klinik", 1)]
    public void The_sample_knowledge_raises_hardly_a_false_alarm(string tenant, int most)
    {
        using var samples = JsonDocument.Parse(File.ReadAllText(
            Path.Combine(RepositoryRoot.Path, "Mefapex.Api", "Knowledge", "Samples", $"{tenant}.json")));
        var all = new List<Statement>();
        foreach (var entry in samples.RootElement.GetProperty("entries").EnumerateArray())
        {
            var id = entry.GetProperty("id").GetString()!;
            all.AddRange(Statement.Of(id, "tr", entry.GetProperty("title").GetString()!, entry.GetProperty("answer").GetString()!));
            if (entry.TryGetProperty("en", out var en))
                all.AddRange(Statement.Of(id, "en", en.GetProperty("title").GetString()!, en.GetProperty("answer").GetString()!));
        }

        all.Count(s => s.Facts.All.Count > 0).ShouldBeGreaterThan(150);
        ContradictionSearch.Find(all, all).Select(c => $"{c.Key}: {c.Left.Text} / {c.Right.Text}").Count().ShouldBeLessThanOrEqualTo(most);
    }
}
