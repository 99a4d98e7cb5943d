using Mefapex.Inference.Evaluation;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Inference;

/// <summary>The questions of the sample knowledge.</summary>
internal static class Samples
{
    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "Mefapex.Api", "Knowledge", "Samples");

    public static IReadOnlyList<QuestionSet> Read() => QuestionSet.ReadFolder(Folder);
}
