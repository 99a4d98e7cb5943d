using System.Text;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Evaluation;

namespace Mefapex.Inference.Languages;

/// <summary>
/// Makes the bundled language table: character models of Turkish and English from the titles and answers of knowledge
/// files and from <c>everyday.tr.txt</c> and <c>everyday.en.txt</c>, of all else from <c>other-languages.txt</c>. The questions of the knowledge files are held out; on them the
/// temperature is fitted.
/// </summary>
public static class LanguageExporter
{
    private const string TableFile = "ngrams.txt";

    /// <summary>Writes table and manifest into <paramref name="folder"/>.</summary>
    public static ModelManifest Export(string folder, IReadOnlyList<QuestionSet> sets)
    {
        Directory.CreateDirectory(folder);
        var table = Encoding.UTF8.GetBytes(LanguageTable.Write(Train(sets)));
        var manifest = new ModelManifest
        {
            Name = "mefapex-language-ngram",
            Version = "0.1.0",
            Task = ModelTasks.LanguageIdentification,
            Languages = ["tr", "en"],
            File = TableFile,
            Sha256 = ModelFolder.Sha256Of(table),
            Bytes = table.Length,
            TrainingData =
                $"titles and answers of {string.Join(", ", sets.Select(set => $"{set.Name} ({set.Language})"))}; " +
                "everyday.tr.txt, everyday.en.txt, other-languages.txt; temperature fitted on the questions",
            Licence = "MIT",
        };
        File.WriteAllBytes(Path.Combine(folder, TableFile), table);
        File.WriteAllText(Path.Combine(folder, ModelManifest.FileName), manifest.ToJson());
        return manifest;
    }

    internal static LanguageDetector Train(IReadOnlyList<QuestionSet> sets)
    {
        var models = new Dictionary<string, CharacterModel>(StringComparer.Ordinal)
        {
            ["tr"] = CharacterModel.Train(TrainingTexts(sets, "tr")),
            ["en"] = CharacterModel.Train(TrainingTexts(sets, "en")),
            [LanguageDetector.Other] = CharacterModel.Train(Lines("other-languages.txt")),
        };
        var diacritics = DiacriticUse.Train(TrainingTexts(sets, "tr"));
        var untempered = new LanguageDetector(models, diacritics, temperature: 1);
        return new LanguageDetector(models, diacritics, FitTemperature(untempered, sets));
    }

    private static IEnumerable<string> TrainingTexts(IEnumerable<QuestionSet> sets, string language) =>
        sets.Where(set => string.Equals(set.Language, language, StringComparison.Ordinal))
            .SelectMany(set => set.Entries)
            .SelectMany(entry => (string[])[entry.Title, entry.Answer])
            .Concat(Lines($"everyday.{language}.txt"));

    private static IEnumerable<string> Lines(string resource)
    {
        using var stream = typeof(LanguageExporter).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{resource} is not part of the assembly.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
                yield return line;
        }
    }

    /// <summary>The temperature that makes the held-out questions, cut to their first three words so that many are
    /// hard, most likely to be in their own language.</summary>
    private static double FitTemperature(LanguageDetector detector, IReadOnlyList<QuestionSet> sets)
    {
        var samples = sets
            .SelectMany(set => set.Entries.SelectMany(entry => entry.Questions).Select(question =>
                (Own: detector.IndexOf(set.Language), Evidence: detector.LogEvidence(FirstWords(question, 3)))))
            .Where(sample => sample.Evidence is not null)
            .ToArray();
        return Enumerable.Range(4, 57)
            .Select(step => step * 0.25)
            .MaxBy(temperature => samples.Sum(sample => Math.Log(detector.Posterior(sample.Evidence!, temperature)[sample.Own])));
    }

    private static string FirstWords(string text, int count) => string.Join(' ', text.Split(' ').Take(count));
}
