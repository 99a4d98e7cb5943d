using System.Diagnostics;
using System.Globalization;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;

namespace Mefapex.AppHost.Control;

/// <summary>Starts the topology in a process of its own and returns when all of it is healthy, or when that fails.</summary>
internal static class DetachCommand
{
    private const int TooManyStarts = 3;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(150);

    public static async Task<int> RunAsync(HostSettings settings, TimeSpan patience, CancellationToken cancellationToken)
    {
        Preflight.RequireWritable(settings);
        if (HostCommand.Running(settings) is { } running)
        {
            Console.WriteLine($"Mefapex is up already:\n{AddressTable.Render(running, settings)}");
            return running.AllHealthy ? 0 : 1;
        }

        var since = Stopwatch.GetTimestamp();
        var log = Path.Combine(settings.Logs, "apphost.log");
        using var runner = Start(log);
        try
        {
            var failure = await WaitAsync(settings, runner, since, patience, cancellationToken);
            if (failure is null)
                return 0;
            await Console.Error.WriteLineAsync($"error: {failure}");
            if (runner.HasExited)
                await Console.Error.WriteLineAsync(await File.ReadAllTextAsync(log, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            await StopAsync(settings, runner);
            throw;
        }

        await StopAsync(settings, runner);
        return 1;
    }

    // Without the streams of this process: whoever reads them would wait for the topology to end.
    private static Process Start(string log)
    {
        var program = Environment.ProcessPath!;
        List<string> command = Path.GetFileNameWithoutExtension(program) is "dotnet"
            ? [program, Environment.GetCommandLineArgs()[0], "--quiet"]
            : [program, "--quiet"];
        if (OperatingSystem.IsWindows())
            throw new HostException("--detach is not available on Windows.", "Run ./mefapex up in a window of its own.");
        var session = Tool.Find("setsid") is null ? string.Empty : "setsid ";
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"log=$1; shift; exec {session}\"$@\" >\"$log\" 2>&1 </dev/null", "sh", log, .. command]);
        return Process.Start(start) ?? throw new HostException("/bin/sh did not start.", "Run ./mefapex up in the foreground.");
    }

    private static async Task<string?> WaitAsync(
        HostSettings settings,
        Process runner,
        long since,
        TimeSpan patience,
        CancellationToken cancellationToken)
    {
        var said = new Dictionary<string, ResourcePhase>(StringComparer.Ordinal);
        while (true)
        {
            if (runner.HasExited)
                return "Mefapex did not start:";
            var state = TopologyState.Read(settings.StateFile);
            if (state?.Runner.Pid == runner.Id)
            {
                foreach (var resource in state.Resources)
                    Tell(resource, said, since);
                if (state.AllHealthy)
                {
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"Mefapex is up after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s\n{AddressTable.Render(state, settings)}"));
                    return null;
                }

                if (state.Resources.FirstOrDefault(r => r.Restarts >= TooManyStarts) is { } hopeless)
                    return $"{hopeless.Name} keeps dying: {hopeless.Reason}\n{Tail(hopeless)}";
            }

            if (Stopwatch.GetElapsedTime(since) > patience)
                return Late(state, patience);
            await Task.Delay(Glance, cancellationToken);
        }
    }

    private static void Tell(ResourceState resource, Dictionary<string, ResourcePhase> said, long since)
    {
        if (said.TryGetValue(resource.Name, out var before) && before == resource.Phase)
            return;
        said[resource.Name] = resource.Phase;
        if (resource.Phase is ResourcePhase.Waiting or ResourcePhase.Starting)
            return;
        var phase = resource.Phase.ToString().ToLowerInvariant();
        var reason = resource.Reason is null ? string.Empty : $": {resource.Reason}";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Stopwatch.GetElapsedTime(since).TotalSeconds,5:0.0} s  {resource.Name,-10} {phase}{reason}"));
    }

    private static string Late(TopologyState? state, TimeSpan patience)
    {
        var late = state?.Resources.Where(r => r.Phase is not (ResourcePhase.Healthy or ResourcePhase.Skipped)).ToList() ?? [];
        var names = string.Join(", ", late.Select(r => $"{r.Name} is {r.Phase.ToString().ToLowerInvariant()}"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"not everything is healthy after {patience.TotalSeconds:0} s: {names}\n{string.Join('\n', late.Select(Tail))}");
    }

    private static string Tail(ResourceState resource)
    {
        if (resource.Log is not { } log || !File.Exists(log))
            return string.Empty;
        var written = new DateTimeOffset(File.GetLastWriteTimeUtc(log));
        var lines = File.ReadLines(log).TakeLast(12).Select(line => "    " + JsonLogLine.Render(line, written));
        return $"  the last lines of {log}:\n{string.Join('\n', lines)}";
    }

    private static async Task StopAsync(HostSettings settings, Process runner)
    {
        if (ProcessIdentity.Of(runner.Id) is { } identity)
            await identity.StopAsync(ProcessSignal.Terminate, TimeSpan.FromSeconds(30), CancellationToken.None);
        await Preflight.EndLeftoversAsync(settings, Console.WriteLine, CancellationToken.None);
    }
}
