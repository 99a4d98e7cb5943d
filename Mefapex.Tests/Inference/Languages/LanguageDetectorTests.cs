using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Languages;
using Mefapex.Inference.Text;

namespace Mefapex.Tests.Inference.Languages;

public sealed class LanguageDetectorTests(ITestOutputHelper output)
{
    private static readonly LanguageDetector Detector = LanguageDetector.LoadBundled();

    [Theory]
    [InlineData("yillik izin nasil alinir", "tr")]
    [InlineData("Yıllık izin nasıl alınır?", "tr")]
    [InlineData("YILLIK İZİN TALEBİ NASIL GİRİLİR", "tr")]
    [InlineData("SIFREMI UNUTTUM", "tr")]
    [InlineData("VPN bağlantısı kopuyor", "tr")]
    [InlineData("C# nedir?", "tr")]
    [InlineData("Portal'a giremiyorum, login error veriyor", "tr")]
    [InlineData("How do I request leave?", "en")]
    [InlineData("password reset", "en")]
    [InlineData("I CAN'T LOG IN TO THE PORTAL", "en")]
    [InlineData("Who is my coordinator at Mefapex Klinik?", "en")]
    [InlineData("123 08.30 👍 ?!", "unknown")]
    [InlineData("", "unknown")]
    [InlineData("\uD800", "unknown")]
    [InlineData("Wo kann ich mein Auto parken?", "unknown")]
    [InlineData("Combien de jours de vacances ai-je cette année ?", "unknown")]
    [InlineData("¿A qué hora abre la clínica el sábado?", "unknown")]
    [InlineData("Сколько дней отпуска?", "unknown")]
    [InlineData("كم عدد أيام الإجازة", "unknown")]
    [InlineData("年次休暇は何日ですか", "unknown")]
    public void Names_the_language(string text, string language) =>
        Detector.Detect(text).Language.ShouldBe(language);

    [Fact]
    public void Confidence_grows_with_the_evidence()
    {
        var little = Detector.Detect("rapor");
        var more = Detector.Detect("rapor aldım, nereye vereceğim?");

        more.Language.ShouldBe("tr");
        more.Confidence.ShouldBeGreaterThan(little.Confidence);
    }

    [Fact]
    public void Confidence_is_a_probability_and_a_named_language_is_the_likelier_one()
    {
        foreach (var question in Samples.Read().SelectMany(set => set.Entries).SelectMany(entry => entry.Questions))
        {
            var guess = Detector.Detect(question);

            guess.Confidence.ShouldBeInRange(0, 1);
            if (guess.Language != LanguageGuess.Unknown)
                guess.Confidence.ShouldBeGreaterThanOrEqualTo(LanguageDetector.NamingThreshold);
        }
    }

    // The questions are not in the table: it was made from titles, answers and sentences of its own.
    [Theory]
    [InlineData("tr", 0.99)]
    [InlineData("en", 0.99)]
    public void Held_out_questions_are_recognised(string language, double floor) =>
        Accuracy(language, question => question).ShouldBeGreaterThan(floor);

    [Fact]
    public void Held_out_Turkish_questions_without_diacritics_are_recognised() =>
        Accuracy("tr", TurkishFolding.Fold).ShouldBeGreaterThan(0.99);

    [Theory]
    [InlineData("tr", 0.97)]
    [InlineData("en", 0.97)]
    public void Their_first_three_words_alone_are_mostly_recognised(string language, double floor) =>
        Accuracy(language, question => string.Join(' ', question.Split(' ').Take(3))).ShouldBeGreaterThan(floor);

    [Fact]
    public void Ten_million_characters_are_judged_by_their_beginning() =>
        Detector.Detect(string.Concat(Enumerable.Repeat("Yıllık izin nasıl alınır? ", 400_000))).Language.ShouldBe("tr");

    [Fact]
    public void Exporting_twice_gives_the_same_files()
    {
        var first = Directory.CreateTempSubdirectory("mefapex-language-");
        var second = Directory.CreateTempSubdirectory("mefapex-language-");
        try
        {
            var manifest = LanguageExporter.Export(first.FullName, Samples.Read());
            LanguageExporter.Export(second.FullName, Samples.Read());

            foreach (var name in (string[])[manifest.File, ModelManifest.FileName])
            {
                File.ReadAllBytes(Path.Combine(second.FullName, name))
                    .ShouldBe(File.ReadAllBytes(Path.Combine(first.FullName, name)));
            }
        }
        finally
        {
            first.Delete(recursive: true);
            second.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_damaged_table_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("mefapex-language-");
        try
        {
            var manifest = LanguageExporter.Export(folder.FullName, Samples.Read());
            File.AppendAllText(Path.Combine(folder.FullName, manifest.File), "x");

            Should.Throw<ModelException>(() => LanguageDetector.Load(folder.FullName)).Fault.ShouldBe(ModelFault.Damaged);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private double Accuracy(string language, Func<string, string> change)
    {
        var questions = Samples.Read()
            .Where(set => set.Language == language)
            .SelectMany(set => set.Entries)
            .SelectMany(entry => entry.Questions)
            .ToArray();
        var wrong = questions.Where(question => Detector.Detect(change(question)).Language != language).ToArray();
        var accuracy = 1 - (wrong.Length / (double)questions.Length);
        output.WriteLine($"{language}: {accuracy:P1} of {questions.Length}");
        foreach (var question in wrong)
            output.WriteLine($"  {change(question)} → {Detector.Detect(change(question))}");
        return accuracy;
    }
}
