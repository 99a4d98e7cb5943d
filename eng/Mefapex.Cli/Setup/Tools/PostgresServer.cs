using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mefapex.Cli;

/// <summary>
/// Finds the programs of a PostgreSQL server. What was found is at <c>tools/postgres/bin</c>: the npm package's own
/// folder, or a link to the system's.
/// </summary>
internal sealed partial class PostgresServer(Workspace workspace, Downloader downloader, Terminal terminal)
{
    private const int OldestMajor = 15;

    private string Folder => Path.Combine(workspace.Tools, "postgres");

    private string Stamp => Path.Combine(Folder, ".stamp");

    /// <summary>Whether an earlier setup's find still stands.</summary>
    public bool IsUpToDate => File.Exists(Stamp) && HoldsServer(Path.Combine(Folder, "bin"));

    /// <summary>Links to a server of the system; false if it has none that is new enough.</summary>
    public async Task<bool> FindAsync(CancellationToken cancellationToken)
    {
        foreach (var folder in Installed())
        {
            var answer = await Shell.RunAsync(Path.Combine(folder, Executable("postgres")), ["--version"], cancellationToken);
            if (!int.TryParse(Major().Match(answer.Output).Groups[1].Value, CultureInfo.InvariantCulture, out var major)
                || major < OldestMajor)
                continue;
            AtomicFile.DeleteFolder(Folder);
            Directory.CreateDirectory(Folder);
            Directory.CreateSymbolicLink(Path.Combine(Folder, "bin"), folder);
            AtomicFile.Write(Stamp, folder);
            terminal.Say($"PostgreSQL {major}: {folder}");
            return true;
        }

        return false;
    }

    /// <summary>Unpacks the server that the npm registry carries.</summary>
    public async Task UnpackAsync(CancellationToken cancellationToken)
    {
        var source = NpmPackage.Pinned(workspace, "postgres")
            ?? throw new SetupException(
                $"There is no PostgreSQL here, and no npm package of it for {Workspace.Platform}.",
                $"Install PostgreSQL {OldestMajor} or later so that `postgres` and `initdb` are in PATH.");
        var tarball = await downloader.FetchAsync(source, cancellationToken);
        using var step = terminal.Begin("Unpacking PostgreSQL");
        var scratch = Path.Combine(workspace.Work, "postgres");
        AtomicFile.DeleteFolder(scratch);
        await Tarball.UnpackAsync(
            tarball, scratch, name => name.StartsWith("native/", StringComparison.Ordinal), cancellationToken);
        Link(scratch);
        var native = Path.Combine(scratch, "native");
        File.WriteAllText(Path.Combine(native, ".stamp"), source.Integrity);
        AtomicFile.ReplaceFolder(native, Folder);
        AtomicFile.DeleteFolder(scratch);
        step.Outcome = $"PostgreSQL {source.Version} from npm";
    }

    /// <summary>npm tarballs hold no links, so the package lists them in a file.</summary>
    private static void Link(string package)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list) || OperatingSystem.IsWindows())
            return;
        using var document = JsonDocument.Parse(File.ReadAllBytes(list));
        foreach (var link in document.RootElement.EnumerateArray())
        {
            var source = Path.Combine(package, link.GetProperty("source").GetString()!);
            var target = Path.Combine(package, link.GetProperty("target").GetString()!);
            if (!File.Exists(target))
                File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
        }
    }

    /// <summary>The folders of this system that hold a server's programs, of any version.</summary>
    public static IEnumerable<string> Installed() => Candidates().Distinct(StringComparer.Ordinal).Where(HoldsServer);

    private static IEnumerable<string> Candidates()
    {
        if (Shell.Which("postgres") is { } onPath)
            yield return Path.GetDirectoryName(Path.GetFullPath(File.ResolveLinkTarget(onPath, returnFinalTarget: true)?.FullName ?? onPath))!;
        foreach (var installed in new[] { "/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt" }.Where(Directory.Exists))
        {
            var versions = Directory.EnumerateDirectories(installed)
                .Where(folder => installed.EndsWith("opt", StringComparison.Ordinal)
                    ? Path.GetFileName(folder).StartsWith("postgresql@", StringComparison.Ordinal)
                    : true)
                .OrderDescending(StringComparer.Ordinal);
            foreach (var version in versions)
                yield return Path.Combine(version, "bin");
        }
    }

    private static bool HoldsServer(string folder) =>
        File.Exists(Path.Combine(folder, Executable("postgres"))) && File.Exists(Path.Combine(folder, Executable("initdb")));

    private static string Executable(string name) => OperatingSystem.IsWindows() ? name + ".exe" : name;

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex Major();
}
