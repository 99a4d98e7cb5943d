using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Mefapex.AppHost.Processes;

/// <summary>
/// A process that can be recognised later: the number alone is not enough, because numbers are used again.
/// </summary>
/// <param name="Pid">The process number.</param>
/// <param name="Started">When it started, in a form that only means something on this machine.</param>
internal sealed partial record ProcessIdentity(int Pid, string Started)
{
    public static ProcessIdentity Current { get; } = Of(Environment.ProcessId)!;

    /// <summary>The process that has this number now, or null.</summary>
    public static ProcessIdentity? Of(int pid) => StartOf(pid) is { } started ? new ProcessIdentity(pid, started) : null;

    [JsonIgnore]
    public bool IsAlive => string.Equals(StartOf(Pid), Started, StringComparison.Ordinal);

    /// <summary>Resident memory in MiB, or null when the process is gone.</summary>
    [JsonIgnore]
    public double? ResidentMb
    {
        get
        {
            try
            {
                using var process = Process.GetProcessById(Pid);
                return IsAlive ? process.WorkingSet64 / 1048576.0 : null;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                return null;
            }
        }
    }

    /// <summary>Sends a signal to exactly this process; a process that is gone already is left in peace.</summary>
    public void Signal(ProcessSignal signal)
    {
        if (!IsAlive)
            return;
        if (!OperatingSystem.IsWindows())
        {
            _ = Kill(Pid, (int)signal);
            return;
        }

        try
        {
            using var process = Process.GetProcessById(Pid);
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
        }
    }

    /// <summary>Waits until the process is gone; false when the time is up before that.</summary>
    public async Task<bool> WaitForExitAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var since = Stopwatch.GetTimestamp();
        while (IsAlive)
        {
            if (Stopwatch.GetElapsedTime(since) > patience)
                return false;
            await Task.Delay(TimeSpan.FromMilliseconds(25), cancellationToken);
        }

        return true;
    }

    /// <summary>Asks the process to end, and ends it when it does not within the given time.</summary>
    public async Task StopAsync(ProcessSignal signal, TimeSpan patience, CancellationToken cancellationToken)
    {
        Signal(signal);
        if (await WaitForExitAsync(patience, cancellationToken))
            return;
        Signal(ProcessSignal.Kill);
        await WaitForExitAsync(TimeSpan.FromSeconds(5), cancellationToken);
    }

    /// <summary>Ends what is left of the session that a process led, after the leader itself has gone.</summary>
    public static void EndSession(int leader)
    {
        if (!OperatingSystem.IsWindows())
            _ = Kill(-leader, (int)ProcessSignal.Kill);
    }

    private static string? StartOf(int pid)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // Field 22 counts clock ticks since boot; the name in field 2 may hold spaces and brackets itself.
                var stat = File.ReadAllText($"/proc/{pid}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                return fields[0] is "Z" or "X" ? null : fields[19];
            }

            using var process = Process.GetProcessById(pid);
            return process.HasExited ? null : process.StartTime.ToUniversalTime().ToString("s", CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException
            or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);
}

/// <summary>The signals that the topology uses, by their POSIX numbers.</summary>
internal enum ProcessSignal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
}
