using System.ComponentModel;
using System.Diagnostics;

namespace Mefapex.Cli;

/// <summary>What a finished program left: its exit code and everything it printed, in the order it came.</summary>
internal sealed record ShellResult(int ExitCode, string Output)
{
    public string Tail(int lines) => string.Join(Environment.NewLine, Output.TrimEnd().Split('\n').TakeLast(lines));
}

/// <summary>Runs other programs to their end.</summary>
internal static class Shell
{
    /// <summary>The dotnet program that runs this one.</summary>
    public static string Dotnet { get; } =
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>Whether a program of this name lies in one of PATH's folders; its full path, or null.</summary>
    public static string? Which(string name)
    {
        var file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Runs a program, hiding its output unless it fails; a cancelled wait ends the program and its children.</summary>
    public static async Task<ShellResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken cancellationToken,
        string? folder = null,
        IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;

        using var process = new Process { StartInfo = start };
        var output = new List<string>();
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new SetupException($"{program} could not be started: {exception.Message}.", $"Install {program}.", exception);
        }

        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        lock (output)
            return new ShellResult(process.ExitCode, string.Join('\n', output));

        void Keep(string? line)
        {
            if (line is null)
                return;
            lock (output)
                output.Add(line);
        }
    }

    /// <summary>
    /// Runs dotnet so that nothing outlives it: no build servers, no languages other than English in what it prints.
    /// </summary>
    public static Task<ShellResult> DotnetAsync(
        IEnumerable<string> arguments,
        CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string?>? environment = null)
    {
        var variables = new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>())
        {
            ["DOTNET_CLI_UI_LANGUAGE"] = "en",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["DOTNET_NOLOGO"] = "1",
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["UseSharedCompilation"] = "false",
            ["MSBUILDTERMINALLOGGER"] = "off",
        };
        return RunAsync(Dotnet, arguments, cancellationToken, environment: variables);
    }
}
