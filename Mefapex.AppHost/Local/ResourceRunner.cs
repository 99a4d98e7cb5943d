using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.State;

namespace Mefapex.AppHost.Local;

/// <summary>Keeps one resource alive: waits for what it needs, starts it, watches it, starts it again when it dies.</summary>
internal sealed class ResourceRunner(
    Resource resource,
    IReadOnlyList<Task> needed,
    Scoreboard scoreboard,
    HostConsole console,
    LogFile log,
    SupervisorTiming timing,
    TimeProvider time) : IDisposable
{
    private static readonly string? NewSession = Tool.Find("setsid");

    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly Backoff _backoff = new();

    public Resource Resource => resource;

    /// <summary>Completes when the resource is healthy for the first time, or is skipped.</summary>
    public Task Healthy => _healthy.Task;

    /// <summary>Runs until <see cref="Stop"/>.</summary>
    /// <exception cref="Exception">The resource cannot be started at all.</exception>
    public async Task RunAsync()
    {
        if (resource.SkippedBecause is { } reason)
        {
            Change(ResourcePhase.Skipped, reason);
            console.Say($"{resource.Name} is left out: {reason}");
            _healthy.SetResult();
            return;
        }

        try
        {
            Change(ResourcePhase.Waiting, Waiting());
            await Task.WhenAll(needed).WaitAsync(_stop.Token);
            for (var restarts = 0; ; restarts++)
            {
                var started = time.GetTimestamp();
                var end = await RunOnceAsync(restarts, _stop.Token);
                var delay = _backoff.After(time.GetElapsedTime(started));
                var what = string.Create(CultureInfo.InvariantCulture, $"{end}; start {restarts + 2} in {delay.TotalSeconds:0} s");
                console.Fail($"{resource.Name} {what}");
                scoreboard.Change(resource.Name, state => state with
                {
                    Phase = ResourcePhase.Restarting,
                    Process = null,
                    Restarts = restarts + 1,
                    Reason = what,
                });
                await Task.Delay(delay, time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop, or something it waits for will never come.
            Change(ResourcePhase.Stopped, reason: null);
        }
        finally
        {
            _healthy.TrySetCanceled(CancellationToken.None);
        }
    }

    public void Stop() => _stop.Cancel();

    public void Dispose()
    {
        _stop.Dispose();
        log.Dispose();
    }

    private async Task<string> RunOnceAsync(int restarts, CancellationToken stopping)
    {
        Change(ResourcePhase.Starting, reason: null);
        Process process;
        try
        {
            var command = await resource.PrepareAsync(stopping);
            process = Start(command);
        }
        catch (Exception e) when (restarts > 0 && e is not OperationCanceledException)
        {
            return $"could not be started: {e.Message}";
        }

        using (process)
        {
            var identity = ProcessIdentity.Of(process.Id);
            scoreboard.Change(resource.Name, state => state with { Process = identity });
            var output = Task.WhenAll(RelayAsync(process.StandardOutput), RelayAsync(process.StandardError));
            using var watching = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var watch = WatchAsync(watching.Token);
            try
            {
                await process.WaitForExitAsync(stopping);
            }
            catch (OperationCanceledException)
            {
                if (identity is not null)
                    await identity.StopAsync(resource.StopSignal, timing.StopPatience, CancellationToken.None);
                throw;
            }
            finally
            {
                await watching.CancelAsync();
                await watch;
                ProcessIdentity.EndSession(process.Id);
                await Task.WhenAny(output, Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None));
            }

            return Describe(process.ExitCode);
        }
    }

    private static Process Start(Command command)
    {
        // In a session of its own, so that a Ctrl+C in the terminal reaches the runner alone.
        var started = NewSession is null ? command : command with
        {
            FileName = NewSession,
            Arguments = [command.FileName, .. command.Arguments],
        };
        try
        {
            var process = Process.Start(started.ToStartInfo())
                ?? throw new InvalidOperationException($"{command.FileName} did not start");
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{command.FileName} did not start: {e.Message}", e);
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var phase = ResourcePhase.Starting;
        try
        {
            while (true)
            {
                var healthy = await ProbeAsync(cancellationToken);
                var next = healthy ? ResourcePhase.Healthy : phase == ResourcePhase.Starting ? phase : ResourcePhase.Unhealthy;
                if (next != phase)
                {
                    phase = next;
                    Change(phase, reason: null);
                    console.Say($"{resource.Name} is {(healthy ? "healthy" : "unhealthy: it runs, but does not answer as ready")}");
                    if (healthy)
                        _healthy.TrySetResult();
                }

                await Task.Delay(healthy ? timing.ProbeWhileHealthy : timing.ProbeWhileStarting, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task<bool> ProbeAsync(CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(timing.ProbeTimeout);
        try
        {
            return await resource.IsHealthyAsync(limited.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task RelayAsync(StreamReader reader)
    {
        try
        {
            while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
            {
                log.Write(line);
                console.Relay(resource.Name, JsonLogLine.Render(line, time.GetUtcNow()));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            console.Fail($"{resource.Name}: its output could not be read on: {e.Message}");
        }
    }

    private void Change(ResourcePhase phase, string? reason) => scoreboard.Change(resource.Name, state => state with
    {
        Phase = phase,
        Reason = reason,
        Process = phase is ResourcePhase.Healthy or ResourcePhase.Unhealthy ? state.Process : null,
    });

    private string? Waiting() => resource.WaitsFor.Count == 0
        ? null
        : "waits for " + string.Join(", ", resource.WaitsFor.Select(r => r.Name));

    private static string Describe(int exitCode) => exitCode > 128
        ? string.Create(CultureInfo.InvariantCulture, $"was ended by signal {exitCode - 128}")
        : string.Create(CultureInfo.InvariantCulture, $"ended with exit code {exitCode}");
}
