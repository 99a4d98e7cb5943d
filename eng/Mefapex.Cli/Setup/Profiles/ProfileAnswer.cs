using System.Globalization;
using System.Security.Cryptography;
using System.Xml.Linq;

namespace Mefapex.Cli;

/// <summary>Which packages can be restored here; docs/packages.md says what each profile holds.</summary>
internal enum PackageProfile
{
    Full,
    Partial,
}

/// <summary>What a probe found, or what a person decided.</summary>
/// <param name="Profile">The profile to build with.</param>
/// <param name="Reason">Why, as the end of a sentence.</param>
/// <param name="Missing">Ids of the packages that the registry was seen to lack; null where nobody asked.</param>
/// <param name="Asked">Hash of the package list that was asked for; another list asks again.</param>
/// <param name="AskedAt">When the registry was asked; null for a forced profile.</param>
internal sealed record ProfileAnswer(
    PackageProfile Profile, string Reason, IReadOnlyList<string>? Missing, string Asked, DateTimeOffset? AskedAt)
{
    public static ProfileAnswer Forced(PackageProfile profile, string by) => new(profile, $"forced by {by}", null, "", null);

    /// <summary>The one line that every command prints.</summary>
    public override string ToString() =>
        $"Packages: {Profile} ({Reason}{(AskedAt is { } at ? string.Create(CultureInfo.InvariantCulture, $", asked {at:yyyy-MM-dd}") : "")})";

    /// <summary>Identifies what a probe asks for: the central package list and the probing project.</summary>
    public static string Fingerprint(Workspace workspace)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in new[] { workspace.CentralVersions, ProfileProbe.Project(workspace) })
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(File.ReadAllText(file).ReplaceLineEndings("\n")));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Reads the answer of an earlier probe; null where there is none or it cannot be read.</summary>
    public static ProfileAnswer? Read(string path)
    {
        try
        {
            var properties = XDocument.Load(path).Descendants("PropertyGroup").Elements()
                .ToDictionary(element => element.Name.LocalName, element => element.Value);
            return new ProfileAnswer(
                Enum.Parse<PackageProfile>(properties["MefapexPackages"]),
                properties["MefapexPackagesReason"],
                properties["MefapexPackagesMissing"].Split(';', StringSplitOptions.RemoveEmptyEntries),
                properties["MefapexPackagesAsked"],
                DateTimeOffset.Parse(properties["MefapexPackagesAskedAt"], CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or System.Xml.XmlException or KeyNotFoundException
            or ArgumentException or FormatException)
        {
            return null;
        }
    }

    public void Write(string path)
    {
        var document = new XDocument(new XElement(
            "Project",
            new XComment(" What the package registry can serve, as ./mefapex setup found. "),
            new XElement(
                "PropertyGroup",
                new XElement("MefapexPackages", Profile),
                new XElement("MefapexPackagesReason", Reason),
                new XElement("MefapexPackagesMissing", string.Join(';', Missing ?? [])),
                new XElement("MefapexPackagesAsked", Asked),
                new XElement("MefapexPackagesAskedAt", AskedAt?.ToString("O", CultureInfo.InvariantCulture)))));
        AtomicFile.Write(path, document.ToString() + "\n");
    }
}
