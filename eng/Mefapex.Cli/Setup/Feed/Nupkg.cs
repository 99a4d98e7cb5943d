using System.IO.Compression;
using System.Xml.Linq;

namespace Mefapex.Cli;

/// <summary>Writes a NuGet package that needs no compiler: native libraries and what they depend on.</summary>
internal static class Nupkg
{
    private static readonly XNamespace Nuspec = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd";

    /// <param name="folder">Where the package file goes.</param>
    /// <param name="id">The official package's id.</param>
    /// <param name="version">The official package's version.</param>
    /// <param name="dependencies">Ids and versions of other packages.</param>
    /// <param name="files">Files on disk and their paths inside the package.</param>
    public static void Write(
        string folder,
        string id,
        string version,
        IEnumerable<(string Id, string Version)> dependencies,
        IEnumerable<(string Source, string Target)> files)
    {
        var nuspec = new XDocument(new XElement(
            Nuspec + "package",
            new XElement(
                Nuspec + "metadata",
                new XElement(Nuspec + "id", id),
                new XElement(Nuspec + "version", version),
                new XElement(Nuspec + "authors", "Mefapex setup"),
                new XElement(Nuspec + "description", "Made by Mefapex's setup for a registry that lacks the official package."),
                new XElement(
                    Nuspec + "dependencies",
                    new XElement(
                        Nuspec + "group",
                        new XAttribute("targetFramework", "net10.0"),
                        dependencies.Select(one => new XElement(
                            Nuspec + "dependency", new XAttribute("id", one.Id), new XAttribute("version", one.Version))))))));
        Directory.CreateDirectory(folder);
        using var zip = ZipFile.Open(Path.Combine(folder, $"{id}.{version}.nupkg"), ZipArchiveMode.Create);
        using (var stream = zip.CreateEntry($"{id}.nuspec").Open())
            nuspec.Save(stream);
        foreach (var (source, target) in files)
            zip.CreateEntryFromFile(source, target, CompressionLevel.Fastest);
    }
}
