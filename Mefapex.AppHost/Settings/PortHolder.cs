using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Mefapex.AppHost.Settings;

/// <summary>Finds out whether a TCP port is taken, and by whom where the system tells.</summary>
internal static class PortHolder
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    public static bool IsFree(int port) =>
        CanListen(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanListen(IPAddress.IPv6Loopback, port));

    /// <summary>The process listening on a port as <c>name (pid 42)</c>, or null when it cannot be seen.</summary>
    public static string? Find(int port)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        try
        {
            var sockets = Tables
                .Where(File.Exists)
                .SelectMany(table => File.ReadLines(table).Skip(1))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => IsListeningOn(fields, port))
                .Select(fields => $"socket:[{fields[9]}]")
                .ToHashSet(StringComparer.Ordinal);
            return sockets.Count == 0 ? null : Owner(sockets);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool CanListen(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return true;
        }
        catch (SocketException e)
        {
            // A machine without IPv6 addresses still says that it supports them.
            return e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported;
        }
    }

    // A row reads: number, local address:port in hex, remote, state (0A listens), …, inode as the tenth field.
    private static bool IsListeningOn(string[] fields, int port) =>
        fields is [_, var local, _, "0A", ..]
        && fields.Length > 9
        && int.TryParse(local.Split(':')[^1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number)
        && number == port;

    private static string? Owner(HashSet<string> sockets)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out var pid) || !Holds(process, sockets))
                continue;
            var command = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ').Trim();
            var shown = command.Length > 80 ? command[..80] + "…" : command;
            return string.Create(CultureInfo.InvariantCulture, $"{shown} (pid {pid})");
        }

        return null;
    }

    private static bool Holds(string process, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd"))
                .Any(handle => File.ResolveLinkTarget(handle, returnFinalTarget: false) is { } target && sockets.Contains(target.Name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
