using System.Globalization;
using Mefapex.AppHost.Processes;

namespace Mefapex.AppHost.Postgres;

/// <summary>A PostgreSQL server installation: the folder of its programs and its major version.</summary>
internal sealed record PostgresBinaries(string Folder, int Major)
{
    public const int OldestMajor = 15;

    public const string HowToInstall =
        "install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql@17) or run ./mefapex setup";

    public string Server => Path.Combine(Folder, Executable("postgres"));

    public string Init => Path.Combine(Folder, Executable("initdb"));

    /// <summary>Every usable installation in order of preference: PATH, the system's packages, the unpacked one.</summary>
    public static async Task<IReadOnlyList<PostgresBinaries>> FindAsync(
        string toolsFolder,
        CancellationToken cancellationToken)
    {
        var found = new List<PostgresBinaries>();
        foreach (var folder in Folders(toolsFolder).Distinct(StringComparer.Ordinal))
        {
            if (await TryOpenAsync(folder, cancellationToken) is { } binaries)
                found.Add(binaries);
        }

        return found;
    }

    private static IEnumerable<string> Folders(string toolsFolder)
    {
        if (Tool.Find("postgres") is { } inPath)
        {
            var target = File.ResolveLinkTarget(inPath, returnFinalTarget: true)?.FullName ?? inPath;
            yield return Path.GetDirectoryName(target)!;
        }

        const string packages = "/usr/lib/postgresql";
        if (Directory.Exists(packages))
        {
            var newestFirst = Directory.GetDirectories(packages)
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var n) ? n : 0);
            foreach (var folder in newestFirst)
                yield return Path.Combine(folder, "bin");
        }

        yield return Path.Combine(toolsFolder, "postgres", "bin");
    }

    private static async Task<PostgresBinaries?> TryOpenAsync(string folder, CancellationToken cancellationToken)
    {
        var server = Path.Combine(folder, Executable("postgres"));
        if (!File.Exists(server) || !File.Exists(Path.Combine(folder, Executable("initdb"))))
            return null;
        var result = await Tool.RunAsync(new Command(server, ["--version"]), null, cancellationToken);

        // "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"; betas read "18beta1".
        var version = result.Output.Split(' ').ElementAtOrDefault(2) ?? string.Empty;
        var digits = string.Concat(version.TakeWhile(char.IsAsciiDigit));
        return result.ExitCode == 0
            && int.TryParse(digits, CultureInfo.InvariantCulture, out var major)
            && major >= OldestMajor
                ? new PostgresBinaries(folder, major)
                : null;
    }

    private static string Executable(string name) => OperatingSystem.IsWindows() ? name + ".exe" : name;
}
