using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;

namespace Mefapex.AppHost.Full;

/// <summary>A Redis server of our own where the system has the program: loopback only, with a password, in memory.</summary>
internal sealed class LocalRedis
{
    private readonly int _port;

    private LocalRedis(Command command, int port, string password) => (Command, _port, Password) = (command, port, password);

    public Command Command { get; }

    public string Password { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    /// <summary>Writes its configuration to a private file; null where there is no such program.</summary>
    public static LocalRedis? Prepare(HostSettings settings)
    {
        if (Tool.Find("redis-server") is not { } program)
            return null;
        var port = AspireHost.FreePort();
        var password = RandomNumberGenerator.GetHexString(40, lowercase: true);
        var configuration = Path.Combine(settings.State, "secrets", "redis.conf");
        PrivateFile.Write(configuration, string.Create(
            CultureInfo.InvariantCulture, $"bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\n"));
        return new LocalRedis(new Command(program, [configuration]) { WorkingDirectory = settings.Data }, port, password);
    }

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", _port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
