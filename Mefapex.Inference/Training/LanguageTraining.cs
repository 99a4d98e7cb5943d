using System.Globalization;
using System.Text;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Evaluation;
using Mefapex.Inference.Languages;

namespace Mefapex.Inference.Training;

/// <summary>What a training of the language model did and what came of it.</summary>
/// <param name="Model">The new model's manifest with its measured figures.</param>
public sealed record LanguageTrainingReport(
    ModelManifest Model, IReadOnlyDictionary<string, int> Sentences, LanguageTrainingOptions Settings, float Temperature)
{
    /// <summary>The report for programs.</summary>
    public string ToJson() => ReportFormat.ToJson(this);

    /// <summary>The report for people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        ReportFormat.Line(text, $"{Model.Name} {Model.Version}: {Model.Bytes} bytes, sha256 {Model.Sha256}");
        ReportFormat.Line(text, $"learnt from {string.Join(", ", Sentences.Select(language => $"{language.Key} {language.Value}"))} sentences");
        if (Model.LanguageQuality is { } quality)
        {
            ReportFormat.Line(text, $"temperature {Temperature:F2}, expected calibration error {quality.ExpectedCalibrationError:F4}");
            ReportFormat.Line(text, $"{"language",-8} {"words",5} {"sentences",9} {"accuracy",8}");
            foreach (var figure in quality.Figures)
                ReportFormat.Line(text, $"{figure.Language,-8} {figure.Words,5} {figure.Sentences,9} {figure.Accuracy,8:F3}");
        }

        return text.ToString();
    }
}

/// <summary>A training of the language model from its texts to a measured model folder.</summary>
public static class LanguageTraining
{
    /// <summary>
    /// Learns from <c>Languages/train</c> and from the clusters of <paramref name="sentences"/>, measures on
    /// <c>Languages/test</c>, and puts the model into <paramref name="folder"/>. A model that is there is replaced at the
    /// end as a whole; cancelled or failed, it stays.
    /// </summary>
    /// <param name="progress">Told each epoch and its mean loss; the second run over the epochs is the final one.</param>
    /// <exception cref="InvalidDataException">A language has no sentence.</exception>
    /// <exception cref="OperationCanceledException">Training was cancelled.</exception>
    public static LanguageTrainingReport Run(
        string folder,
        string sentences,
        LanguageTrainingOptions options,
        Action<int, double> progress,
        CancellationToken cancellationToken = default)
    {
        var texts = LanguageSentences.Read(Path.Combine(sentences, "Languages", "train"));
        var corpus = TrainingFiles.ReadFolder(sentences);
        foreach (var sentence in corpus.Clusters.SelectMany(cluster => cluster.Sentences))
            texts[sentence.Language].Add(sentence.Text);

        var (table, bias, temperature) = new LanguageTrainer(options, progress, cancellationToken).Train([.. texts.Values]);
        var scratch = Directory.CreateTempSubdirectory("mefapex-training-");
        try
        {
            var next = Path.Combine(scratch.FullName, "trained");
            var counts = texts.ToDictionary(language => language.Key, language => language.Value.Count, StringComparer.Ordinal);
            var manifest = LanguageExporter.Export(
                next,
                table,
                bias,
                temperature,
                string.Create(CultureInfo.InvariantCulture, $"{counts.Values.Sum()} sentences written for the project, {options.Epochs} epochs, seed {options.Seed}"));
            var test = Path.Combine(sentences, "Languages", "test");
            if (Directory.Exists(test))
            {
                using var detector = LanguageDetector.Load(next);
                manifest = manifest with { LanguageQuality = LanguageMeasure.Measure(detector, LanguageSentences.Read(test)) };
                File.WriteAllText(Path.Combine(next, ModelManifest.FileName), manifest.ToJson());
            }

            cancellationToken.ThrowIfCancellationRequested();
            ModelFolder.Replace(folder, next);
            return new LanguageTrainingReport(manifest, counts, options, temperature);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }
}
