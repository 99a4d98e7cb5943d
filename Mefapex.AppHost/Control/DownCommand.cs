using System.Diagnostics;
using System.Globalization;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;

namespace Mefapex.AppHost.Control;

/// <summary>Stops what an <c>up</c> started, and returns when its processes are gone and its ports are free.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    public static async Task<int> RunAsync(HostSettings settings, TextWriter output, CancellationToken cancellationToken)
    {
        var state = await FindAsync(settings, cancellationToken);
        if (state is null)
        {
            await output.WriteLineAsync("Mefapex is not running.");
            return 0;
        }

        if (state.Runner.IsAlive)
        {
            await output.WriteLineAsync("stopping Mefapex");
            await state.Runner.StopAsync(ProcessSignal.Terminate, Patience, cancellationToken);
        }

        await Preflight.EndLeftoversAsync(settings, output.WriteLine, cancellationToken);
        var left = await WaitUntilGoneAsync(state, cancellationToken);
        if (left.Count > 0)
        {
            await output.WriteLineAsync($"error: still there: {string.Join(", ", left)}");
            return 1;
        }

        await output.WriteLineAsync("Mefapex is down; the data stays.");
        return 0;
    }

    // A run that is just starting holds the lock before it has written down what it does.
    private static async Task<TopologyState?> FindAsync(HostSettings settings, CancellationToken cancellationToken)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            if (TopologyState.Read(settings.StateFile) is { } state)
                return state;
            if (!File.Exists(settings.LockFile) || Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(15))
                return null;
            var free = Preflight.TryLock(settings);
            if (free is not null)
            {
                await free.DisposeAsync();
                return null;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
    }

    private static async Task<List<string>> WaitUntilGoneAsync(TopologyState state, CancellationToken cancellationToken)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            var left = state.Resources
                .Where(resource => resource.Process is not null)
                .SelectMany(What)
                .ToList();
            if (left.Count == 0 || Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(10))
                return left;
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
    }

    private static IEnumerable<string> What(ResourceState resource)
    {
        if (resource.Process is { IsAlive: true } process)
            yield return string.Create(CultureInfo.InvariantCulture, $"{resource.Name} (pid {process.Pid})");
        if (resource.Url is { } url
            && int.TryParse(url[(url.LastIndexOf(':') + 1)..].TrimEnd('/'), CultureInfo.InvariantCulture, out var port)
            && !PortHolder.IsFree(port))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"port {port}");
        }
    }
}
