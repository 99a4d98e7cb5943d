using Mefapex.Inference.Evaluation;
using Mefapex.Inference.Training;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Inference.Training;

/// <summary>The texts that the bundled models learnt from and are tested on.</summary>
internal static class Corpus
{
    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "Mefapex.Inference", "Training");

    public static TrainingCorpus Read() => TrainingFiles.ReadFolder(Folder);

    public static IReadOnlyList<TestPair> ReadPairs() => TestPair.ReadFolder(Path.Combine(Folder, "Test"));
}
