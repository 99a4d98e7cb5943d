using System.Formats.Tar;
using System.IO.Compression;

namespace Mefapex.Cli;

/// <summary>Unpacks npm tarballs, whose files all lie below one top folder.</summary>
internal static class Tarball
{
    /// <summary>Writes the wanted files into a folder, keeping their modes; paths are below the tarball's top folder.</summary>
    public static async Task UnpackAsync(
        string tarball, string folder, Predicate<string> wanted, CancellationToken cancellationToken)
    {
        var root = Path.GetFullPath(folder) + Path.DirectorySeparatorChar;
        await using var file = File.OpenRead(tarball);
        await using var gzip = new GZipStream(file, CompressionMode.Decompress);
        await using var tar = new TarReader(gzip);
        while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            var slash = entry.Name.IndexOf('/', StringComparison.Ordinal);
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || slash < 0)
                continue;
            var name = entry.Name[(slash + 1)..];
            if (!wanted(name))
                continue;
            var destination = Path.GetFullPath(Path.Combine(root, name));
            if (!destination.StartsWith(root, StringComparison.Ordinal))
                throw new InvalidDataException($"{tarball} holds a file outside its folder: {entry.Name}");
            Directory.CreateDirectory(Path.GetDirectoryName(destination)!);
            await entry.ExtractToFileAsync(destination, overwrite: true, cancellationToken);
        }
    }
}
