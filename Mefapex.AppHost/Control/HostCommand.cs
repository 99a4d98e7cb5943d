using System.Globalization;
using System.Runtime.InteropServices;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;

namespace Mefapex.AppHost.Control;

/// <summary>
/// What one can ask of a topology from outside the process that runs it: <c>--detach</c>, <c>down</c>,
/// <c>status [--json]</c>. The same in both profiles, because both write the same state file.
/// </summary>
internal static class HostCommand
{
    /// <returns>The exit code, or null when the arguments ask for the topology itself.</returns>
    public static async Task<int?> TryRunAsync(string[] args)
    {
        Func<HostSettings, CancellationToken, Task<int>>? command = args switch
        {
            ["status", .. var options] => (settings, _) =>
                Task.FromResult(StatusCommand.Run(settings, json: options.Contains("--json", StringComparer.Ordinal))),
            ["down", ..] => (settings, token) => DownCommand.RunAsync(settings, Console.Out, token),
            ["--detach", .. var options] => (settings, token) => DetachCommand.RunAsync(settings, Patience(options), token),
            _ => null,
        };
        if (command is null)
            return null;

        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await command(HostSettings.Find(), stop.Token);
        }
        catch (HostException e)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}\n  {e.Remedy}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("stopped");
            return 130;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>The state when a process that runs the topology is alive, else null.</summary>
    public static TopologyState? Running(HostSettings settings) =>
        TopologyState.Read(settings.StateFile) is { Runner.IsAlive: true } state ? state : null;

    private static TimeSpan Patience(string[] options) => options switch
    {
        ["--timeout", var text] when int.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 => TimeSpan.FromSeconds(seconds),
        [] => TimeSpan.FromMinutes(3),
        _ => throw new HostException($"'{string.Join(' ', options)}' is not understood.", "Use --detach [--timeout SECONDS]."),
    };
}
