using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Evaluation;
using Mefapex.Inference.Languages;
using Mefapex.Inference.Text;
using Mefapex.Inference.Training;
using Mefapex.Tests.Inference.Training;

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
    [InlineData("Wo kann ich mein Auto parken?", "de")]
    [InlineData("Combien de jours de vacances ai-je cette année ?", "fr")]
    [InlineData("¿A qué hora abre la clínica el sábado?", "es")]
    [InlineData("Сколько дней отпуска?", "ru")]
    [InlineData("كم عدد أيام الإجازة", "ar")]
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

    // The questions of the sample knowledge were not learnt from.
    [Theory]
    [InlineData("tr", 0.98)]
    [InlineData("en", 0.98)]
    public void Questions_of_the_sample_knowledge_are_recognised(string language, double floor) =>
        Accuracy(language, question => question).ShouldBeGreaterThan(floor);

    [Fact]
    public void Turkish_questions_without_diacritics_are_recognised() =>
        Accuracy("tr", TurkishFolding.Fold).ShouldBeGreaterThan(0.98);

    [Theory]
    [InlineData("tr", 0.93)]
    [InlineData("en", 0.93)]
    public void Their_first_three_words_alone_are_mostly_recognised(string language, double floor) =>
        Accuracy(language, question => string.Join(' ', question.Split(' ').Take(3))).ShouldBeGreaterThan(floor);

    [Fact]
    public void On_held_apart_sentences_it_is_as_good_as_the_manifest_says()
    {
        var measured = LanguageMeasure.Measure(Detector, LanguageSentences.Read(Path.Combine(Corpus.Folder, "Languages", "test")));

        var stated = Detector.Manifest.LanguageQuality.ShouldNotBeNull();
        stated.Figures.ShouldBe(measured.Figures, "run dotnet run --project Mefapex.Ai -- train-language");
        stated.ExpectedCalibrationError.ShouldBe(measured.ExpectedCalibrationError, 1e-4);
        Overall(measured, "4+").ShouldBeGreaterThanOrEqualTo(0.98);
        Overall(measured, "2-3").ShouldBeGreaterThanOrEqualTo(0.93);
        measured.ExpectedCalibrationError.ShouldBeLessThan(0.05);
    }

    [Fact]
    public void No_test_sentence_was_learnt()
    {
        var learnt = LanguageSentences.Read(Path.Combine(Corpus.Folder, "Languages", "train")).Values
            .SelectMany(sentences => sentences)
            .Concat(Corpus.Read().Clusters.SelectMany(cluster => cluster.Sentences).Select(sentence => sentence.Text))
            .Select(TurkishFolding.Fold)
            .ToHashSet();

        LanguageSentences.Read(Path.Combine(Corpus.Folder, "Languages", "test")).Values
            .SelectMany(sentences => sentences)
            .Where(sentence => learnt.Contains(TurkishFolding.Fold(sentence)))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Ten_million_characters_are_judged_by_their_beginning() =>
        Detector.Detect(string.Concat(Enumerable.Repeat("Yıllık izin nasıl alınır? ", 400_000))).Language.ShouldBe("tr");

    [Fact]
    public void Training_twice_gives_the_same_model_and_cancelling_leaves_it()
    {
        var folder = Directory.CreateTempSubdirectory("mefapex-language-");
        var options = new LanguageTrainingOptions { Epochs = 1, SentencesPerEpoch = 100 };
        using var cancellation = new CancellationTokenSource();
        try
        {
            var first = LanguageTraining.Run(folder.FullName, Corpus.Folder, options, (_, _) => { }, TestContext.Current.CancellationToken);
            var second = LanguageTraining.Run(folder.FullName, Corpus.Folder, options, (_, _) => { }, TestContext.Current.CancellationToken);
            second.Model.Sha256.ShouldBe(first.Model.Sha256);
            Should.Throw<OperationCanceledException>(() => LanguageTraining.Run(
                folder.FullName, Corpus.Folder, options with { Seed = 2 }, (_, _) => cancellation.Cancel(), cancellation.Token));

            using var kept = LanguageDetector.Load(folder.FullName);
            kept.Manifest.Sha256.ShouldBe(first.Model.Sha256);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("the file", ModelFault.Damaged)]
    [InlineData("the hash", ModelFault.Unsuitable)]
    [InlineData("the languages", ModelFault.Unsuitable)]
    [InlineData("a test vector", ModelFault.WrongOutput)]
    public void A_model_that_is_not_what_its_manifest_says_is_refused(string what, ModelFault fault)
    {
        using var models = new ModelsFolder();
        var manifest = ModelManifest.Read(models.Language);
        if (what == "the file")
            File.AppendAllText(Path.Combine(models.Language, manifest.File), "x");
        manifest = what switch
        {
            "the hash" => manifest with { CharacterGrams = manifest.CharacterGrams! with { Hash = "md5" } },
            "the languages" => manifest with { Languages = ["tr", "en"] },
            "a test vector" => manifest with { TestVectors = [manifest.TestVectors[0] with { First = [.. manifest.TestVectors[0].First.Reverse()] }] },
            _ => manifest,
        };
        File.WriteAllText(Path.Combine(models.Language, ModelManifest.FileName), manifest.ToJson());

        Should.Throw<ModelException>(() => LanguageDetector.Load(models.Language)).Fault.ShouldBe(fault);
    }

    private static double Overall(LanguageReport report, string words) =>
        report.Figures.Single(figure => figure.Language == "all" && figure.Words == words).Accuracy;

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
