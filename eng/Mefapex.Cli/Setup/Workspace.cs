using System.Runtime.InteropServices;

namespace Mefapex.Cli;

/// <summary>The folders of one clone. Everything the setup writes lies under <see cref="Home"/>, which git ignores.</summary>
internal sealed class Workspace
{
    public Workspace(string root)
    {
        Root = Path.GetFullPath(root);
        Home = Path.Combine(Root, ".mefapex");
        State = Path.GetFullPath(Variable("MEFAPEX_STATE") ?? Home);
        Feed = Path.GetFullPath(Variable("MEFAPEX_FEED") ?? Path.Combine(Home, "feed"));
    }

    public string Root { get; }

    public string Home { get; }

    /// <summary>Data, logs and run files; <c>MEFAPEX_STATE</c> moves it.</summary>
    public string State { get; }

    /// <summary>Made NuGet packages; <c>MEFAPEX_FEED</c> moves it.</summary>
    public string Feed { get; init; }

    public string Cache => Path.Combine(Home, "cache");

    public string Tools => Path.Combine(Home, "tools");

    /// <summary>NuGet's package folder in the Partial profile.</summary>
    public string Packages => Path.Combine(Home, "packages");

    /// <summary>Scratch space of the setup; whatever lies there may be deleted while no setup runs.</summary>
    public string Work => Path.Combine(Home, "work");

    public string Answer => Path.Combine(Home, "packages.props");

    public string LockFile => Path.Combine(Home, "setup.lock");

    public string CentralVersions => Path.Combine(Root, "Directory.Packages.props");

    public string NpmPackages => Path.Combine(Root, "eng", "npm-packages.json");

    public string PackageProjects => Path.Combine(Root, "eng", "packages");

    /// <summary>This machine as .NET names it, for instance <c>linux-x64</c>.</summary>
    public static string Platform { get; } =
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")
        + "-" + RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant();

    /// <summary>The clone this program was built from, found upwards from the program.</summary>
    public static Workspace Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mefapex.sln")))
                return new Workspace(folder.FullName);
        }

        throw new SetupException(
            $"No Mefapex.sln lies above {AppContext.BaseDirectory}.",
            "Run the mefapex script at the root of the clone.");
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
