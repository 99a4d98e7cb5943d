using System.Globalization;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.State;

namespace Mefapex.AppHost.Settings;

/// <summary>What must hold before anything is started.</summary>
internal static class Preflight
{
    /// <summary>
    /// Makes the state folder, takes its lock, ends what a killed run left behind and sees that the ports are free.
    /// </summary>
    /// <returns>The lock, to be held while the topology runs; null when another process runs it already.</returns>
    /// <exception cref="HostException">Something stands in the way.</exception>
    public static async Task<IDisposable?> PassAsync(
        HostSettings settings,
        IEnumerable<HostPort> ports,
        Action<string> report,
        CancellationToken cancellationToken)
    {
        RequireWritable(settings);
        var held = TryLock(settings);
        if (held is null)
            return null;
        try
        {
            await EndLeftoversAsync(settings, report, cancellationToken);
            foreach (var port in ports)
                RequireFree(port, settings.Port(port));
            return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the processes that a killed run recorded and can no longer stop.</summary>
    public static async Task EndLeftoversAsync(
        HostSettings settings,
        Action<string> report,
        CancellationToken cancellationToken)
    {
        if (TopologyState.Read(settings.StateFile) is not { } state)
            return;
        var leftovers = state.Resources.Where(resource => resource.Process is { IsAlive: true }).Reverse().ToList();
        foreach (var resource in leftovers)
        {
            report(string.Create(
                CultureInfo.InvariantCulture,
                $"ending {resource.Name} (pid {resource.Process!.Pid}), left behind by a run that was killed"));
        }

        await Task.WhenAll(leftovers.Select(resource =>
            resource.Process!.StopAsync(resource.StopSignal, TimeSpan.FromSeconds(10), cancellationToken)));
        File.Delete(settings.StateFile);
    }

    /// <summary>Sees that the state folder can be written.</summary>
    public static void RequireWritable(HostSettings settings)
    {
        try
        {
            foreach (var folder in new[] { Path.GetDirectoryName(settings.LockFile)!, settings.Logs, settings.Data })
            {
                Directory.CreateDirectory(folder);
                var trial = Path.Combine(folder, $".trial-{Environment.ProcessId}");
                File.WriteAllText(trial, string.Empty);
                File.Delete(trial);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostException(
                $"The state folder {settings.State} cannot be written: {e.Message}",
                "Make it writable, or set MEFAPEX_STATE to a folder that is.");
        }
    }

    /// <summary>Takes the lock that the process running the topology holds; null when it is taken.</summary>
    public static FileStream? TryLock(HostSettings settings)
    {
        try
        {
            return new FileStream(settings.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static void RequireFree(HostPort port, int number)
    {
        if (PortHolder.IsFree(number))
            return;
        var holder = PortHolder.Find(number) is { } process ? $" by {process}" : string.Empty;
        throw new HostException(
            string.Create(CultureInfo.InvariantCulture, $"Port {number}, meant for {port.Purpose}, is in use{holder}."),
            $"Stop that program, or set {port.Variable} to a free port.");
    }
}
