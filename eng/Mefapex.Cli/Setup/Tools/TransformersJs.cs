using System.Security.Cryptography;
using System.Text;

namespace Mefapex.Cli;

/// <summary>
/// transformers.js with onnxruntime-node as <c>eng/peer</c> pins them: what tokenizers and encoders are checked against
/// and measured beside. Installed by npm into <c>peer</c> of the state folder, 300 MB, with no install scripts.
/// </summary>
internal sealed class TransformersJs(Workspace workspace, Terminal terminal)
{
    private static readonly string[] Files =
        ["package.json", "package-lock.json", ".npmrc", "absent/package.json", "absent/index.js"];

    private readonly string _source = Path.Combine(workspace.Root, "eng", "peer");

    /// <summary>Where it is installed, with the scripts of <c>eng/peer</c>.</summary>
    public string Folder { get; } = Path.Combine(workspace.State, "peer");

    /// <summary>The node program.</summary>
    public static string? Node { get; } = Shell.Which("node");

    private string Stamp => Path.Combine(Folder, "node_modules", ".stamp");

    /// <summary>Installs it if it is not there; several processes may ask at once.</summary>
    /// <exception cref="SetupException">There is no node or npm, or npm failed.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (Node is null)
            throw new SetupException("There is no node on the PATH.", "Install Node.js 20 or later.");

        Directory.CreateDirectory(workspace.State);
        using var gate = await SetupLock.AcquireAsync(
            Path.Combine(workspace.State, "peer.lock"), terminal, TimeProvider.System, cancellationToken);
        CopyScripts();
        var wanted = Fingerprint();
        if (File.Exists(Stamp) && File.ReadAllText(Stamp) == wanted)
            return;

        foreach (var file in Files)
            CopyFile(file);
        using var step = terminal.Begin("Installing transformers.js");
        var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
        var result = await Shell.RunAsync(
            npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cancellationToken, Folder);
        if (result.ExitCode != 0)
        {
            throw new SetupException(
                $"npm could not install transformers.js (exit code {result.ExitCode}):{Environment.NewLine}{result.Tail(10)}",
                "It needs the npm registry, or npm's cache of an earlier time.");
        }

        AtomicFile.Write(Stamp, wanted);
        step.Outcome = "Installed transformers.js";
    }

    private void CopyScripts()
    {
        foreach (var script in Directory.EnumerateFiles(_source, "*.mjs"))
            CopyFile(Path.GetFileName(script));
    }

    /// <summary>Left alone where it is the same: another process may be reading it.</summary>
    private void CopyFile(string name)
    {
        var source = Path.Combine(_source, name);
        var target = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        if (!File.Exists(target) || !File.ReadAllBytes(target).AsSpan().SequenceEqual(File.ReadAllBytes(source)))
            File.Copy(source, target, overwrite: true);
    }

    private string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Files)
            hash.AppendData(File.ReadAllBytes(Path.Combine(_source, file)));
        hash.AppendData(Encoding.UTF8.GetBytes(Workspace.Platform));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
