using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mefapex.AppHost.Settings;

/// <summary>Folders, ports and secrets of one clone, as the environment says.</summary>
internal sealed class HostSettings
{
    private readonly Dictionary<HostPort, int> _ports;

    public HostSettings(string root, Func<string, string?> variable)
    {
        Root = Path.GetFullPath(root);
        State = variable("MEFAPEX_STATE") is { Length: > 0 } state ? Path.GetFullPath(state) : Path.Combine(Root, ".mefapex");
        _ports = HostPort.All.ToDictionary(port => port, port => port.Read(variable));
        foreach (var pair in _ports.GroupBy(port => port.Value, port => port.Key).Where(group => group.Count() > 1))
        {
            throw new HostException(
                string.Create(CultureInfo.InvariantCulture, $"Port {pair.Key} is given to both {pair.First().Purpose} and {pair.Last().Purpose}."),
                $"Set {pair.First().Variable} or {pair.Last().Variable} to another port.");
        }
    }

    public string Root { get; }

    /// <summary>Data, logs, secrets and run files; <c>MEFAPEX_STATE</c> moves it.</summary>
    public string State { get; }

    /// <summary>A short name for the state folder, for what must be kept apart outside it.</summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(State)).AsSpan(0, 4));

    public string Tools => Path.Combine(Root, ".mefapex", "tools");

    public string Logs => Path.Combine(State, "logs");

    public string Data => Path.Combine(State, "data");

    /// <summary>Where the web UI keeps sessions and keys, so that a restart signs nobody out.</summary>
    public string WebState => Path.Combine(State, "web");

    /// <summary>Where the API keeps uploaded files.</summary>
    public string Files => Path.Combine(State, "files");

    public string StateFile => Path.Combine(State, "run", "topology.json");

    /// <summary>Held open by the one process that runs the topology.</summary>
    public string LockFile => Path.Combine(State, "run", "topology.lock");

    public string PostgresPassword => Path.Combine(State, "secrets", "postgres-password");

    /// <summary>The clone that this program was built from, found upwards from the program.</summary>
    public static HostSettings Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mefapex.sln")))
                return new HostSettings(folder.FullName, Environment.GetEnvironmentVariable);
        }

        throw new HostException(
            $"No Mefapex.sln lies above {AppContext.BaseDirectory}.",
            "Run it from a clone: ./mefapex up");
    }

    public int Port(HostPort port) => _ports[port];

    public string Url(HostPort port) => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{_ports[port]}");

    /// <summary>Host and port without a scheme, for what does not speak HTTP.</summary>
    public string Address(HostPort port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_ports[port]}");

    /// <summary>The key that sign-in tokens are signed with: random, kept so that a restart signs nobody out.</summary>
    public string TokenSigningKey()
    {
        var file = Path.Combine(State, "secrets", "token-signing-key");
        if (File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } kept)
            return kept;
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(48));
        PrivateFile.Write(file, key);
        return key;
    }
}
