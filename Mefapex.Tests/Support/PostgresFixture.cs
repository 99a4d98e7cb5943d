using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mefapex.AppHost.Postgres;
using Mefapex.AppHost.Processes;
using Mefapex.Tests.Support;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Mefapex.Tests.Support;

/// <summary>
/// One private PostgreSQL server for the whole test run, started by the first test that asks for a database. Where
/// there is no server program such a test is skipped on a person's machine and fails where CI=true.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private const string FolderPrefix = "mefapex-tests-";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly HashSet<string> _templates = new(StringComparer.Ordinal);
    private string? _folder;
    private PostgresServer? _server;
    private string? _missing;

    private string DataFolder => Path.Combine(_folder!, "data");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Makes an empty database, dropping one of that name that is there already.</summary>
    /// <returns>Its connection string.</returns>
    public Task<string> CreateDatabaseAsync(string name) => CreateAsync(name, template: null);

    /// <summary>
    /// Makes a database as a copy of a template, which is built by the given function the first time it is asked for:
    /// migrate once, copy in a blink for each test class.
    /// </summary>
    /// <param name="template">Name of the template; the same name must always mean the same content.</param>
    /// <param name="build">Fills the template, given its connection string.</param>
    /// <returns>The connection string of the copy.</returns>
    public async Task<string> CreateDatabaseAsync(string name, string template, Func<string, Task> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        var server = await ServerAsync();
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!_templates.Contains(template))
            {
                var connectionString = await RecreateAsync(server, template, template: null);
                await build(connectionString + ";Pooling=false");
                NpgsqlConnection.ClearAllPools();
                _templates.Add(template);
            }

            return await RecreateAsync(server, name, template);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A TCP port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Removes a data folder, also where the server's user could not enter it and the data lies elsewhere.</summary>
    public static void RemoveData(string dataFolder)
    {
        Remove(dataFolder);
        Remove(ServerAccount.ShelterFor(dataFolder));
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            NpgsqlConnection.ClearAllPools();
            await _server.StopAsync(CancellationToken.None);
        }

        if (_folder is not null)
        {
            RemoveData(DataFolder);
            Remove(_folder);
        }

        _gate.Dispose();
    }

    private async Task<string> CreateAsync(string name, string? template)
    {
        var server = await ServerAsync();
        return await RecreateAsync(server, name, template);
    }

    private static async Task<string> RecreateAsync(PostgresServer server, string name, string? template)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var source = NpgsqlDataSource.Create(server.ConnectionStringFor("postgres") + ";Pooling=false");
        await using var drop = source.CreateCommand($"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
        await drop.ExecuteNonQueryAsync(cancellationToken);
        await using var create = source.CreateCommand(
            $"CREATE DATABASE \"{name}\"" + (template is null ? string.Empty : $" TEMPLATE \"{template}\""));
        await create.ExecuteNonQueryAsync(cancellationToken);
        return server.ConnectionStringFor(name);
    }

    private async Task<PostgresServer> ServerAsync()
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_server is null && _missing is null)
                await StartAsync();
        }
        finally
        {
            _gate.Release();
        }

        if (_server is null && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            Assert.Fail($"PostgreSQL is required where CI=true: {_missing}");
        Assert.SkipWhen(_server is null, _missing ?? string.Empty);
        return _server!;
    }

    private async Task StartAsync()
    {
        RemoveLeftovers();
        _folder = Path.Combine(Path.GetTempPath(), string.Create(
            CultureInfo.InvariantCulture, $"{FolderPrefix}{Environment.ProcessId}-{Guid.NewGuid():N}"));
        Directory.CreateDirectory(_folder);
        try
        {
            var options = new PostgresOptions
            {
                DataFolder = DataFolder,
                PasswordFile = Path.Combine(_folder, "password"),
                ToolsFolder = Path.Combine(RepositoryRoot.Path, ".mefapex", "tools"),
                Port = FreePort(),
                Database = "mefapex_tests",
                Durable = false,
            };
            var output = TestContext.Current.TestOutputHelper;
            var server = await PostgresServer.PrepareAsync(
                options, line => output?.WriteLine(line), TestContext.Current.CancellationToken);
            await server.StartAsync(TestContext.Current.CancellationToken);
            _server = server;
        }
        catch (PostgresUnavailableException e)
        {
            _missing = e.Message;
        }
    }

    // A test run that was killed leaves its server behind; its folder's name says which run that was.
    private static void RemoveLeftovers()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), FolderPrefix + "*"))
        {
            var run = Path.GetFileName(folder)[FolderPrefix.Length..].Split('-')[0];
            if (!int.TryParse(run, CultureInfo.InvariantCulture, out var pid) || ProcessIdentity.Of(pid) is not null)
                continue;
            var pidFile = Path.Combine(folder, "data", "cluster", "postmaster.pid");
            if (File.Exists(pidFile)
                && int.TryParse(File.ReadLines(pidFile).First(), CultureInfo.InvariantCulture, out var server)
                && File.Exists($"/proc/{server}/cmdline")
                && File.ReadAllText($"/proc/{server}/cmdline").Contains(folder, StringComparison.Ordinal))
            {
                ProcessIdentity.Of(server)?.Signal(ProcessSignal.Kill);
            }

            Remove(folder);
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TestContext.Current.SendDiagnosticMessage("{0} stays: {1}", folder, e.Message);
        }
    }
}
