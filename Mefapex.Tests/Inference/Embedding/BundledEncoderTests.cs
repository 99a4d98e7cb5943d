using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Evaluation;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class BundledEncoderTests
{
    [Fact]
    public void Exporting_again_gives_the_bundled_files_byte_for_byte()
    {
        using var folder = new ModelsFolder();
        var model = File.ReadAllBytes(folder.Model);
        var manifest = File.ReadAllText(folder.Manifest);

        EncoderExporter.Export(folder.Encoder);

        ModelFolder.Sha256Of(File.ReadAllBytes(folder.Model)).ShouldBe(ModelFolder.Sha256Of(model));
        File.ReadAllText(folder.Manifest).ShouldBe(manifest);
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
    public void The_untrained_encoder_finds_the_entry_first_for_three_questions_in_ten_of_each_set()
    {
        var figures = ModelManifest.Read(Path.Combine(ModelFolder.Bundled, "encoder")).Quality.ShouldNotBeNull().Figures;

        figures.ShouldAllBe(figure => figure.RecallAt1 > 0.3 && figure.RecallAt3 > figure.RecallAt1);
    }

    [Fact]
    public void The_model_file_is_small_enough_for_the_repository() =>
        new FileInfo(Path.Combine(ModelFolder.Bundled, "encoder", "model.onnx")).Length.ShouldBeLessThan(4_300_000);
}
