using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Mefapex.AppHost.Control;
using Mefapex.AppHost.Postgres;
using Mefapex.AppHost.Settings;
using Mefapex.Tests.Support;

[assembly: AssemblyFixture(typeof(TopologyFixture))]

namespace Mefapex.Tests.Support;

/// <summary>The whole system, brought up once by the first test that asks for it and taken down after the last.</summary>
public sealed class TopologyFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim _gate = new(1);
    private Topology? _topology;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async Task<Topology> UpAsync()
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _topology ??= await Topology.UpAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_topology is not null)
            await _topology.DisposeAsync();
        _gate.Dispose();
    }
}

/// <summary>A system of its own: free ports, a state folder of its own, the services as they were built.</summary>
public sealed class Topology : IAsyncDisposable
{
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);
    private readonly HostSettings _settings;

    private Topology()
    {
        State = Path.Combine(Path.GetTempPath(), $"mefapex-topology-{Guid.NewGuid():N}");
        _variables["MEFAPEX_STATE"] = State;
        foreach (var (port, number) in HostPort.All.Zip(FreePorts(HostPort.All.Count)))
            _variables[port.Variable] = number.ToString(CultureInfo.InvariantCulture);
        _settings = new HostSettings(RepositoryRoot.Path, _variables.GetValueOrDefault);
    }

    public Uri Web => new(_settings.Url(HostPort.Web));

    public Uri Api => new(_settings.Url(HostPort.Api));

    /// <summary>Whether the services are run by Aspire's orchestrator (Full) or by the local runner (Partial).</summary>
    public static bool RunsUnderAspire { get; } =
        typeof(HostSettings).Assembly.GetType("Mefapex.AppHost.Full.AspireHost") is not null;

    /// <summary>The folder of data, logs and run files.</summary>
    public string State { get; }

    /// <summary>The ports that it listens on while it is up.</summary>
    public IEnumerable<int> Ports => HostPort.All.Select(_settings.Port);

    public static async Task<Topology> UpAsync()
    {
        await RequirePostgresAsync();
        var topology = new Topology();
        var (exitCode, output) = await topology.RunAsync("--detach");
        if (exitCode == 0)
            return topology;
        await topology.DisposeAsync();
        throw new InvalidOperationException(output);
    }

    /// <summary>Runs the AppHost program with this system's variables.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var build = Path.GetRelativePath(Path.Combine(RepositoryRoot.Path, "Mefapex.Tests"), AppContext.BaseDirectory);
        var program = Path.Combine(RepositoryRoot.Path, "Mefapex.AppHost", build, "Mefapex.AppHost.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in _variables)
            start.Environment[name] = value;
        start.Environment.Remove("ASPNETCORE_ENVIRONMENT");
        start.Environment.Remove("DOTNET_ENVIRONMENT");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        return (process.ExitCode, await output + await error);
    }

    internal async Task<StatusReport> StatusAsync() =>
        JsonSerializer.Deserialize((await RunAsync("status", "--json")).Output, StatusJson.Default.StatusReport)!;

    /// <summary>Takes it down and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        var (exitCode, output) = await RunAsync("down");
        if (exitCode != 0)
            throw new InvalidOperationException(output);
        PostgresFixture.RemoveData(Path.Combine(_settings.Data, "postgres"));
        if (Directory.Exists(State))
            Directory.Delete(State, recursive: true);
    }

    private static async Task RequirePostgresAsync()
    {
        var tools = Path.Combine(RepositoryRoot.Path, ".mefapex", "tools");
        if ((await PostgresBinaries.FindAsync(tools, TestContext.Current.CancellationToken)).Count > 0)
            return;
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            Assert.Fail("PostgreSQL is required where CI=true.");
        Assert.Skip($"There is no PostgreSQL: {PostgresBinaries.HowToInstall}");
    }

    // All held at once, so that no number is given twice.
    private static List<int> FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.ConvertAll(listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }
}
