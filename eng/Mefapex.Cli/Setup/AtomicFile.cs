namespace Mefapex.Cli;

/// <summary>Files that are either there as a whole or not at all.</summary>
internal static class AtomicFile
{
    public static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Puts a finished folder in the place of another.</summary>
    public static void ReplaceFolder(string made, string destination)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(destination)!);
        DeleteFolder(destination);
        Directory.Move(made, destination);
    }

    public static void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }
}
