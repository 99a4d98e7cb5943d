using System.Text.Json;

namespace Mefapex.Cli;

/// <summary>One pinned file of the npm registry.</summary>
/// <param name="Name">With its scope, for instance <c>@scope/name</c>.</param>
/// <param name="Version">Exact version.</param>
/// <param name="Integrity">Expected hash in npm's form: <c>sha512-</c> and base64.</param>
internal sealed record NpmPackage(string Name, string Version, string Integrity)
{
    /// <summary>The tarball's path below the registry's address.</summary>
    public string TarballPath => $"{Name}/-/{Name[(Name.IndexOf('/', StringComparison.Ordinal) + 1)..]}-{Version}.tgz";

    public string FileName => $"{Name.TrimStart('@').Replace('/', '-')}-{Version}.tgz";

    /// <summary>
    /// What <c>eng/npm-packages.json</c> pins under a key for this machine; null where it pins nothing for this platform.
    /// </summary>
    public static NpmPackage? Pinned(Workspace workspace, string key)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(workspace.NpmPackages));
        var entry = document.RootElement.GetProperty(key);
        var platforms = entry.GetProperty("platforms");
        if (!platforms.TryGetProperty("any", out var file) && !platforms.TryGetProperty(Workspace.Platform, out file))
            return null;
        return new NpmPackage(
            file.GetProperty("name").GetString()!,
            entry.GetProperty("version").GetString()!,
            file.GetProperty("integrity").GetString()!);
    }
}
