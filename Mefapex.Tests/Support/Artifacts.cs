namespace Mefapex.Tests.Support;

/// <summary>What a run leaves to be looked at: under MEFAPEX_ARTIFACTS, else under <c>artifacts</c> of the clone.</summary>
public static class Artifacts
{
    /// <summary>A folder of that name, made if it is missing.</summary>
    public static string Folder(string name)
    {
        var root = Environment.GetEnvironmentVariable("MEFAPEX_ARTIFACTS") is { Length: > 0 } folder
            ? folder
            : Path.Combine(RepositoryRoot.Path, "artifacts");
        return Directory.CreateDirectory(Path.Combine(root, name)).FullName;
    }
}
