namespace Mefapex.Tests.Support;

/// <summary>Files that lie beside the repository and are no part of it: <c>../shared/data</c>.</summary>
public static class SharedData
{
    /// <summary>A folder of them; where it is absent the test is skipped.</summary>
    public static string Folder(params string[] parts)
    {
        var folder = Path.GetFullPath(Path.Combine([RepositoryRoot.Path, "..", "shared", "data", .. parts]));
        Assert.SkipUnless(Directory.Exists(folder), $"The test data {folder} is not there.");
        return folder;
    }
}
