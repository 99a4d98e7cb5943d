namespace Mefapex.Tests.Support;

/// <summary>The folder that holds <c>Mefapex.sln</c>.</summary>
public static class RepositoryRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Mefapex.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no Mefapex.sln above {AppContext.BaseDirectory}");
    }
}
