using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Evaluation;
using Mefapex.Inference.Training;

namespace Mefapex.Tests.Inference.Training;

public sealed class EncoderTrainingTests : IDisposable
{
    private static readonly EncoderTrainingOptions Short = new() { Epochs = 3, Rounds = 4, Seed = 7, ValidationShare = 0 };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mefapex-training-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_same_seed_gives_the_same_model_with_one_thread_and_with_two()
    {
        var one = Train("one", Short);
        var two = Train("two", Short with { Threads = 2 });
        var other = Train("other", Short with { Seed = 8 });

        two.Model.Sha256.ShouldBe(one.Model.Sha256);
        other.Model.Sha256.ShouldNotBe(one.Model.Sha256);
    }

    [Fact]
    public void A_short_training_on_few_clusters_finds_more_of_their_left_out_sentences()
    {
        var report = Train("improved", Short with { Epochs = 6 });

        var figures = report.Model.HeldApart.ShouldNotBeNull();
        figures.Trained[0].RecallAt1.ShouldBeGreaterThan(figures.Untrained[0].RecallAt1 + 0.1);
        Math.Abs(figures.RecallLostByQuantization).ShouldBeLessThan(0.1);
        report.ToText().ShouldContain(report.Model.Sha256);
        report.ToJson().ShouldContain("\"recall_lost_by_quantization\"");
    }

    [Fact]
    public void Validation_ends_a_training_that_no_longer_improves()
    {
        var report = Train("stopped", Short with { Epochs = 40, Patience = 2, ValidationShare = 0.2 });

        report.Validation.Count.ShouldBeLessThan(40);
        report.Epochs.ShouldBe(report.Validation.Count - 2);
    }

    [Fact]
    public void A_cancelled_training_leaves_the_earlier_model()
    {
        var earlier = EncoderExporter.ExportUntrained(Path.Combine(_folder.FullName, "kept"));
        using var cancellation = new CancellationTokenSource();

        Should.Throw<OperationCanceledException>(() => EncoderTraining.Run(
            Path.Combine(_folder.FullName, "kept"), Few(), [], [], Short, new Cancelling(cancellation), cancellation.Token));

        using var encoder = SubwordEncoder.Load(Path.Combine(_folder.FullName, "kept"));
        encoder.Manifest.Sha256.ShouldBe(earlier.Sha256);
        Directory.GetFileSystemEntries(_folder.FullName).ShouldHaveSingleItem();
    }

    private TrainingReport Train(string name, EncoderTrainingOptions options)
    {
        var few = Few();
        var training = few.Clusters.Select(cluster => cluster with { Sentences = [.. cluster.Sentences.Skip(1)] }).ToArray();
        TestPair[] pairs = [.. few.Clusters.Select(cluster =>
            new TestPair("pairs", cluster.Id, "tr", cluster.Sentences[0].Text, cluster.Sentences[1].Text))];
        return EncoderTraining.Run(
            Path.Combine(_folder.FullName, name),
            new TrainingCorpus(training, few.Terms),
            pairs,
            [],
            options,
            cancellationToken: TestContext.Current.CancellationToken);
    }

    private static TrainingCorpus Few()
    {
        var corpus = Corpus.Read();
        return new TrainingCorpus([.. corpus.Clusters.Take(60)], [.. corpus.Terms.Take(100)]);
    }

    private sealed class Cancelling(CancellationTokenSource cancellation) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => cancellation.Cancel();
    }
}
