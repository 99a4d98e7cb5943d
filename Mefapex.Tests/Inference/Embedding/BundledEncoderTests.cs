using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Evaluation;
using Mefapex.Tests.Inference.Training;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class BundledEncoderTests
{
    [Fact]
    public void The_manifest_tells_the_texts_that_are_in_the_repository()
    {
        var manifest = ModelManifest.Read(Path.Combine(ModelFolder.Bundled, "encoder"));
        var corpus = Corpus.Read();

        manifest.TrainingData.ShouldStartWith(
            $"{corpus.SentenceCount} sentences in {corpus.Clusters.Count} clusters and {corpus.Terms.Count} glossary lines",
            customMessage: "the texts changed: run dotnet run --project Mefapex.Ai -- train");
        manifest.Bytes.ShouldBe(new FileInfo(Path.Combine(ModelFolder.Bundled, "encoder", manifest.File)).Length);
    }

    [Fact]
    public void The_manifests_figures_are_those_that_measuring_again_gives()
    {
        using var encoder = SubwordEncoder.LoadBundled();

        var measured = RetrievalMeasure.Measure(encoder, Samples.Read(), TestContext.Current.CancellationToken);

        var stated = encoder.Manifest.Quality.ShouldNotBeNull();
        stated.Method.ShouldBe(measured.Method);
        stated.Figures.ShouldBe(
            measured.Figures,
            "the encoder or the sample questions changed: run dotnet run --project Mefapex.Ai -- measure-encoder");
    }

    [Fact]
    public void On_held_apart_pairs_it_is_as_good_as_the_manifest_says_and_far_better_than_the_untrained_encoder()
    {
        using var folder = new ModelsFolder();
        EncoderExporter.ExportUntrained(folder.Encoder);
        using var encoder = SubwordEncoder.LoadBundled();
        using var untrained = SubwordEncoder.Load(folder.Encoder);
        var pairs = Corpus.ReadPairs();

        var trained = PairMeasure.Measure(encoder, pairs, TestContext.Current.CancellationToken);
        var before = PairMeasure.Measure(untrained, pairs, TestContext.Current.CancellationToken);

        var stated = encoder.Manifest.HeldApart.ShouldNotBeNull();
        stated.Method.ShouldBe(PairMeasure.Method);
        stated.Trained.ShouldBe(trained);
        stated.Untrained.ShouldBe(before);
        var all = HeldApartReport.All(trained);
        all.Candidates.ShouldBe(PairMeasure.Candidates);
        all.RecallAt1.ShouldBeGreaterThanOrEqualTo(0.85);
        all.RecallAt1.ShouldBeGreaterThanOrEqualTo(HeldApartReport.All(before).RecallAt1 + 0.25);
    }

    [Fact]
    public void Eight_bits_cost_next_to_nothing() =>
        ModelManifest.Read(Path.Combine(ModelFolder.Bundled, "encoder")).HeldApart!.RecallLostByQuantization.ShouldBeLessThan(0.01);

    [Fact]
    public void The_bundled_models_take_at_most_12_MB() =>
        Directory.EnumerateFiles(ModelFolder.Bundled, "*", SearchOption.AllDirectories)
            .Sum(file => new FileInfo(file).Length)
            .ShouldBeLessThan(12_000_000);
}
