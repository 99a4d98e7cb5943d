using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mefapex.Cli;

/// <summary>Mefapex.AppHost: built when something changed, and run in the place of this process.</summary>
internal sealed class AppHostProgram(CommandContext context)
{
    private const string Configuration = "Debug";

    private static readonly string[] Services = ["Mefapex.AppHost", "Mefapex.Ai", "Mefapex.Api", "Mefapex.Web"];
    private static readonly string[] Libraries = ["Mefapex.Contracts", "Mefapex.Inference", "Mefapex.ServiceDefaults"];

    private readonly Workspace _workspace = context.Workspace;

    public bool IsBuilt => File.Exists(Output("Mefapex.AppHost"));

    /// <summary>Whether a topology has left word of itself.</summary>
    public bool HasState => File.Exists(Path.Combine(_workspace.State, "run", "topology.json"));

    private string Program => Output("Mefapex.AppHost");

    private string Stamp => Path.Combine(_workspace.Home, "built");

    public async Task<bool> IsRunningAsync(CancellationToken cancellationToken)
    {
        const int nothingRuns = 3;
        return IsBuilt && HasState
            && (await Shell.RunAsync(Shell.Dotnet, [Program, "status"], cancellationToken)).ExitCode != nothingRuns;
    }

    /// <summary>Builds the services and their host unless neither sources nor outputs changed since the last time.</summary>
    public async Task BuildAsync(CancellationToken cancellationToken)
    {
        var sources = Sources();
        if (File.Exists(Stamp) && await File.ReadAllTextAsync(Stamp, cancellationToken) == sources + Outputs())
            return;

        using (var step = context.Terminal.Begin("Building"))
        {
            await Build.RunAsync(
                _workspace, Path.Combine(_workspace.Root, "Mefapex.AppHost", "Mefapex.AppHost.csproj"), cancellationToken);
            step.Outcome = "Built";
        }

        AtomicFile.Write(Stamp, sources + Outputs());
    }

    /// <summary>Replaces this process by the program, where the system can do that; so signals reach it directly.</summary>
    public async Task<int> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        string[] command = [Shell.Dotnet, Program, .. arguments];
        await Console.Out.FlushAsync(cancellationToken);
        if (!OperatingSystem.IsWindows())
            Exec.Replace(command);

        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false })!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    /// <summary>Brings the topology up beside this process and waits until all is healthy.</summary>
    /// <exception cref="SetupException">It did not come up; nothing of it is left.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Ending the starter would leave what it started; "down" ends both, each in order.
        var starting = Shell.RunAsync(Shell.Dotnet, [Program, "--detach"], CancellationToken.None);
        try
        {
            var result = await starting.WaitAsync(cancellationToken);
            if (result.ExitCode != 0)
                throw new SetupException($"Mefapex did not start:{Environment.NewLine}{result.Tail(20)}", "./mefapex up shows more.");
        }
        catch (OperationCanceledException)
        {
            await StopAsync();
            await starting;
            throw;
        }
    }

    public async Task StopAsync() => await Shell.RunAsync(Shell.Dotnet, [Program, "down"], CancellationToken.None);

    private string Output(string project) =>
        Path.Combine(_workspace.Root, project, "bin", Configuration, "net10.0", project + ".dll");

    private string Outputs() => Hash(Services.Select(Output).Select(file => new FileInfo(file)));

    private string Sources()
    {
        var files = new DirectoryInfo(_workspace.Root).EnumerateFiles()
            .Concat(Services.Concat(Libraries).SelectMany(project => Walk(new DirectoryInfo(Path.Combine(_workspace.Root, project)))));
        return $"{Environment.GetEnvironmentVariable("MefapexPackages")} {Hash(files)} ";
    }

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) => !folder.Exists ? [] : folder.EnumerateFiles()
        .Concat(folder.EnumerateDirectories().Where(inner => inner.Name is not ("bin" or "obj")).SelectMany(Walk));

    private static string Hash(IEnumerable<FileInfo> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files.OrderBy(file => file.FullName, StringComparer.Ordinal))
        {
            var trait = string.Create(
                CultureInfo.InvariantCulture,
                $"{file.FullName}|{(file.Exists ? file.Length : -1)}|{file.LastWriteTimeUtc.Ticks}\n");
            hash.AppendData(Encoding.UTF8.GetBytes(trait));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
