namespace Mefapex.Cli;

/// <summary>
/// The official Aspire CLI from its npm package. It carries the dashboard, and in it the browser script of Blazor.
/// Layout: <c>tools/aspire/bin/aspire</c>, and <c>tools/aspire/home</c> to give it as HOME, with its bundle unpacked.
/// </summary>
internal sealed class AspireCli(Workspace workspace, Downloader downloader, Terminal terminal, NpmPackage source)
{
    public NpmPackage Source { get; } = source;

    public string BlazorScript =>
        Path.Combine(Home, ".aspire", "bundle", "managed", "wwwroot", "framework", "blazor.web.10.js");

    public bool IsUpToDate => File.Exists(Stamp) && File.ReadAllText(Stamp) == Source.Integrity && File.Exists(Program);

    private string Folder => Path.Combine(workspace.Tools, "aspire");

    private string Home => Path.Combine(Folder, "home");

    private string Program => Path.Combine(Folder, "bin", OperatingSystem.IsWindows() ? "aspire.exe" : "aspire");

    private string Stamp => Path.Combine(Folder, ".stamp");

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (IsUpToDate)
            return;

        var tarball = await downloader.FetchAsync(Source, cancellationToken);
        using var step = terminal.Begin("Unpacking the Aspire CLI");
        AtomicFile.DeleteFolder(Folder);
        await Tarball.UnpackAsync(
            tarball, Folder, name => name.StartsWith("bin/", StringComparison.Ordinal), cancellationToken);
        Directory.CreateDirectory(Home);
        var result = await Shell.RunAsync(
            Program,
            ["setup", "--install-path", Path.Combine(Home, ".aspire"), "--nologo", "--non-interactive"],
            cancellationToken,
            environment: new Dictionary<string, string?>
            {
                ["HOME"] = Home,
                ["USERPROFILE"] = Home,
                ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "1",
                ["NO_COLOR"] = "1",
            });
        if (result.ExitCode != 0 || !File.Exists(BlazorScript))
        {
            throw new SetupException(
                $"The Aspire CLI could not unpack its bundle (exit code {result.ExitCode}):{Environment.NewLine}{result.Tail(10)}",
                $"Try {Program} --version; if it does not start on this system, see docs/packages.md.");
        }

        AtomicFile.Write(Stamp, Source.Integrity);
        step.Outcome = "Unpacked the Aspire CLI";
    }
}
