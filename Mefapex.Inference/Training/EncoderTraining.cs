using System.Diagnostics;
using System.Globalization;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Evaluation;

namespace Mefapex.Inference.Training;

/// <summary>A training from its texts to a measured model folder.</summary>
public static class EncoderTraining
{
    /// <summary>
    /// Trains an encoder, measures it beside the untrained one, and puts it into <paramref name="folder"/>. A model that
    /// is there is replaced at the end as a whole; cancelled or failed, it stays.
    /// </summary>
    /// <param name="pairs">Test pairs held apart; may be empty.</param>
    /// <param name="samples">Knowledge to measure on besides; may be empty.</param>
    /// <exception cref="OperationCanceledException">Training was cancelled.</exception>
    public static TrainingReport Run(
        string folder,
        TrainingCorpus corpus,
        IReadOnlyList<TestPair> pairs,
        IReadOnlyList<QuestionSet> samples,
        EncoderTrainingOptions options,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(options);
        var watch = Stopwatch.StartNew();
        var trained = new EncoderTrainer(corpus, options, progress, cancellationToken).Train();

        var scratch = Directory.CreateTempSubdirectory("mefapex-training-");
        try
        {
            var next = Path.Combine(scratch.FullName, "trained");
            var manifest = EncoderExporter.Export(next, trained.Table, trained.Memory, Describe(corpus, options, trained.Epochs));
            EncoderExporter.ExportUntrained(Path.Combine(scratch.FullName, "untrained"));
            using (var before = SubwordEncoder.Load(Path.Combine(scratch.FullName, "untrained")))
            using (var after = SubwordEncoder.Load(next))
            {
                manifest = Measure(manifest, before, after, trained, pairs, samples, cancellationToken);
                var report = new TrainingReport(
                    manifest,
                    corpus.Clusters.Count,
                    corpus.SentenceCount,
                    corpus.Terms.Count,
                    CountStyles(corpus),
                    options,
                    trained.Epochs,
                    trained.Validation,
                    samples.Count == 0 ? [] : RetrievalMeasure.Measure(before, samples, cancellationToken).Figures,
                    watch.Elapsed);
                cancellationToken.ThrowIfCancellationRequested();
                File.WriteAllText(Path.Combine(next, ModelManifest.FileName), manifest.ToJson());
                ModelFolder.Replace(folder, next);
                return report;
            }
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static ModelManifest Measure(
        ModelManifest manifest,
        SubwordEncoder before,
        SubwordEncoder after,
        TrainedEncoder trained,
        IReadOnlyList<TestPair> pairs,
        IReadOnlyList<QuestionSet> samples,
        CancellationToken cancellationToken)
    {
        if (samples.Count > 0)
            manifest = manifest with { Quality = RetrievalMeasure.Measure(after, samples, cancellationToken) };
        if (pairs.Count == 0)
            return manifest;

        var quantized = PairMeasure.Measure(after, pairs, cancellationToken);
        var features = new SubwordFeatures(manifest.Subwords!);
        var exact = PairMeasure.Measure(texts => [.. texts.Select(EncodeExactly)], pairs);
        return manifest with
        {
            HeldApart = new HeldApartReport(
                PairMeasure.Method,
                quantized,
                PairMeasure.Measure(before, pairs, cancellationToken),
                Math.Round(HeldApartReport.All(exact).RecallAt1 - HeldApartReport.All(quantized).RecallAt1, 6)),
        };

        float[] EncodeExactly(string text)
        {
            var vector = new float[EncoderExporter.Dimensions];
            SubwordTable.Encode(trained.Table, features.Of(text), vector);
            trained.Memory.Recall(vector);
            return vector;
        }
    }

    private static SortedDictionary<string, int> CountStyles(TrainingCorpus corpus) => new(
        corpus.Clusters
            .SelectMany(cluster => cluster.Sentences)
            .CountBy(sentence => sentence.Style, StringComparer.Ordinal)
            .ToDictionary(StringComparer.Ordinal),
        StringComparer.Ordinal);

    private static string Describe(TrainingCorpus corpus, EncoderTrainingOptions options, int epochs) => string.Create(
        CultureInfo.InvariantCulture,
        $"{corpus.SentenceCount} sentences in {corpus.Clusters.Count} clusters and {corpus.Terms.Count} glossary lines, " +
        $"written for the project; {epochs} epochs, seed {options.Seed}");
}
