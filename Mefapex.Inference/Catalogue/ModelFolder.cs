using System.Security.Cryptography;

namespace Mefapex.Inference.Catalogue;

/// <summary>A folder with a manifest and the files it names.</summary>
/// <param name="Path">Full path of the folder.</param>
public sealed record ModelFolder(string Path, ModelManifest Manifest)
{
    /// <summary>Where the bundled models lie: <c>Models</c> beside the program.</summary>
    public static string Bundled { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "Models");

    /// <summary>Reads the folder's manifest.</summary>
    /// <exception cref="ModelException">Missing, damaged, or for another task.</exception>
    public static ModelFolder Open(string path, string task)
    {
        var full = System.IO.Path.GetFullPath(path);
        var manifest = ModelManifest.Read(full);
        if (!string.Equals(manifest.Task, task, StringComparison.Ordinal))
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"model folder {full} holds a model for {manifest.Task}; one for {task} is needed here.");
        }

        return new ModelFolder(full, manifest);
    }

    /// <summary>Length of a folder's model file, before it is read.</summary>
    /// <exception cref="ModelException">The manifest is missing or damaged.</exception>
    public static long BytesOf(string folder)
    {
        var manifest = ModelManifest.Read(folder);
        var file = new FileInfo(System.IO.Path.Combine(folder, manifest.File));
        return file.Exists ? file.Length : manifest.Bytes;
    }

    /// <summary>The model file's bytes, once their sha256 is the manifest's.</summary>
    /// <exception cref="ModelException">Missing or damaged.</exception>
    public byte[] ReadVerified()
    {
        var file = System.IO.Path.Combine(Path, Manifest.File);
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelException(
                ModelFault.Missing,
                $"model file {file} is missing; restore it from the release or export it again.",
                exception);
        }

        var actual = Sha256Of(bytes);
        if (!string.Equals(actual, Manifest.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new ModelException(
                ModelFault.Damaged,
                $"model file {file} is damaged: sha256 {actual} ({bytes.Length} bytes), expected {Manifest.Sha256} " +
                $"({Manifest.Bytes} bytes); restore it from the release or export it again.");
        }

        return bytes;
    }

    /// <summary>Puts the files of <paramref name="next"/> in the place of a folder: first all under another name beside
    /// it, then by renaming, so that the folder is whole at any time but between two renames.</summary>
    internal static void Replace(string folder, string next)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(folder));
        var (incoming, outgoing) = ($"{full}.new", $"{full}.old");
        foreach (var leftover in (string[])[incoming, outgoing])
        {
            if (Directory.Exists(leftover))
                Directory.Delete(leftover, recursive: true);
        }

        Directory.CreateDirectory(incoming);
        foreach (var file in Directory.EnumerateFiles(next))
            File.Copy(file, System.IO.Path.Combine(incoming, System.IO.Path.GetFileName(file)));
        if (Directory.Exists(full))
            Directory.Move(full, outgoing);
        Directory.Move(incoming, full);
        if (Directory.Exists(outgoing))
            Directory.Delete(outgoing, recursive: true);
    }

    /// <summary>sha256 as lower-case hex.</summary>
    public static string Sha256Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
