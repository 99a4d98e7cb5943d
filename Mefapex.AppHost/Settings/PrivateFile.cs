namespace Mefapex.AppHost.Settings;

/// <summary>Files that only their owner can read.</summary>
internal static class PrivateFile
{
    /// <summary>Writes the file whole or not at all, readable by its owner only from the first byte on.</summary>
    public static void Write(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(draft, options))
            writer.Write(content);
        File.Move(draft, path, overwrite: true);
    }
}
