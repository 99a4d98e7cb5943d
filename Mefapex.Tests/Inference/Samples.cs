using Mefapex.Inference.Evaluation;

namespace Mefapex.Tests.Inference;

/// <summary>The questions of the sample knowledge.</summary>
internal static class Samples
{
    public static string Folder { get; } = Path.Combine(Root(), "Mefapex.Api", "Knowledge", "Samples");

    public static IReadOnlyList<QuestionSet> Read() => QuestionSet.ReadFolder(Folder);

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mefapex.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"{AppContext.BaseDirectory} is not inside a checkout.");
    }
}
