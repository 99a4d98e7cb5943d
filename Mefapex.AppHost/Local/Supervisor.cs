using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;

namespace Mefapex.AppHost.Local;

/// <summary>How long the supervisor waits for what.</summary>
internal sealed record SupervisorTiming
{
    public TimeSpan ProbeWhileStarting { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan ProbeWhileHealthy { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A probe that takes longer counts as a failed one.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Between the polite signal and the last one.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Runs a topology: starts its resources as their dependencies allow and stops them in the opposite order.</summary>
internal sealed class Supervisor(
    IReadOnlyList<Resource> resources,
    Scoreboard scoreboard,
    HostConsole console,
    string logFolder,
    SupervisorTiming timing,
    TimeProvider time)
{
    public static TopologyState Initial(IReadOnlyList<Resource> resources, string logFolder, TimeProvider time) => new(
        Processes.ProcessIdentity.Current,
        "Partial",
        time.GetUtcNow(),
        [
            .. resources.Select(resource => new ResourceState(resource.Name, resource.Kind)
            {
                Url = resource.Url,
                StopSignal = resource.StopSignal,
                Log = LogPath(logFolder, resource),
            }),
        ]);

    /// <summary>Runs until cancelled, or until a resource turns out not to be startable at all.</summary>
    /// <param name="whenHealthy">Called once, when everything is healthy for the first time.</param>
    /// <exception cref="HostException">A resource cannot be started; everything else has been stopped again.</exception>
    public async Task RunAsync(Action whenHealthy, CancellationToken cancellationToken)
    {
        var runners = new List<ResourceRunner>();
        foreach (var resource in resources)
        {
            var needed = resource.WaitsFor.Select(r => runners.Single(runner => runner.Resource == r).Healthy).ToList();
            runners.Add(new ResourceRunner(resource, needed, scoreboard, console, new LogFile(LogPath(logFolder, resource)), timing, time));
        }

        var running = runners.ToDictionary(runner => runner, runner => Task.Run(runner.RunAsync, CancellationToken.None));
        var announcement = AnnounceAsync(runners, whenHealthy, cancellationToken);
        try
        {
            await FirstFailureAsync(running.Values, cancellationToken);
        }
        finally
        {
            await StopAsync(running);
            await announcement;
            foreach (var runner in runners)
                runner.Dispose();
        }
    }

    private static string LogPath(string folder, Resource resource) => Path.Combine(folder, resource.Name + ".log");

    private static async Task AnnounceAsync(List<ResourceRunner> runners, Action whenHealthy, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(runners.Select(runner => runner.Healthy)).WaitAsync(cancellationToken);
            whenHealthy();
        }
        catch (OperationCanceledException)
        {
            // Stopped before all was healthy: there is nothing to announce.
        }
    }

    private static async Task FirstFailureAsync(IEnumerable<Task> running, CancellationToken cancellationToken)
    {
        var left = running.ToList();
        var cancelled = Task.Delay(Timeout.Infinite, cancellationToken);
        while (true)
        {
            var ended = await Task.WhenAny([.. left, cancelled]);
            if (ended == cancelled)
                return;
            await ended;
            left.Remove(ended);
        }
    }

    // Nobody loses what it works with: a resource is stopped when all that wait for it have gone.
    private static async Task StopAsync(Dictionary<ResourceRunner, Task> running)
    {
        var stops = new Dictionary<Resource, Task>();
        foreach (var (runner, task) in running.Reverse())
        {
            var dependents = running.Keys
                .Where(other => other.Resource.WaitsFor.Contains(runner.Resource))
                .Select(other => stops[other.Resource])
                .ToList();
            stops[runner.Resource] = StopOneAsync(runner, task, dependents);
        }

        await Task.WhenAll(stops.Values);
    }

    private static async Task StopOneAsync(ResourceRunner runner, Task task, List<Task> dependents)
    {
        await Task.WhenAll(dependents);
        runner.Stop();
        await task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}
