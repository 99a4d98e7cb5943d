using System.Globalization;

namespace Mefapex.Inference.Serving;

/// <summary>How much memory this process may take.</summary>
public static class MemoryLimits
{
    private const string ControlGroups = "/sys/fs/cgroup";

    /// <summary>
    /// The least of what the control groups of a container allow and the machine has, in bytes. The garbage collector's
    /// own figure is three quarters of a container's limit, and leaves out what models take beside the managed heap: it
    /// counts only where nothing else is known.
    /// </summary>
    public static long OfProcess()
    {
        var container = ReadText("/proc/self/cgroup") is { } groups ? OfControlGroups(groups, ControlGroups) : null;
        var machine = ReadText("/proc/meminfo") is { } memory ? OfMachine(memory) : null;
        return (container, machine) switch
        {
            ({ } limit, { } total) => Math.Min(limit, total),
            _ => container ?? machine ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        };
    }

    /// <summary><c>MemTotal</c> of <c>/proc/meminfo</c> in bytes.</summary>
    internal static long? OfMachine(string memory)
    {
        const string Key = "MemTotal:";
        var line = memory.Split('\n').FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal));
        return line is not null &&
            long.TryParse(line[Key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture, out var kibibytes)
            ? kibibytes * 1024
            : null;
    }

    /// <summary>
    /// The least <c>memory.max</c> from the process's group (version 2) up to the root, or the limit of version 1.
    /// </summary>
    /// <param name="groups">Text of <c>/proc/self/cgroup</c>.</param>
    /// <param name="root">Where the control groups are mounted.</param>
    /// <returns>Bytes, or null where nothing limits the process.</returns>
    internal static long? OfControlGroups(string groups, string root)
    {
        long? least = null;
        foreach (var line in groups.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = line.Split(':', 3);
            if (parts.Length < 3)
                continue;
            var (mount, file) = parts[1] switch
            {
                "" => (root, "memory.max"),
                var controllers when controllers.Split(',').Contains("memory", StringComparer.Ordinal) =>
                    (Path.Combine(root, "memory"), "memory.limit_in_bytes"),
                _ => ("", ""),
            };
            if (mount.Length == 0)
                continue;
            for (var group = parts[2].Trim('/'); ; group = Path.GetDirectoryName(group) ?? "")
            {
                if (ReadText(Path.Combine(mount, group, file)) is { } text &&
                    long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) &&
                    bytes < (least ?? long.MaxValue))
                {
                    least = bytes;
                }

                if (group.Length == 0)
                    break;
            }
        }

        return least;
    }

    private static string? ReadText(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
