using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.Contracts;

namespace Mefapex.AppHost.Postgres;

/// <summary>What a local server needs to know.</summary>
internal sealed record PostgresOptions
{
    /// <summary>The server's own folder, with the cluster in it; made on first use.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The private file that keeps the superuser's random password.</summary>
    public required string PasswordFile { get; init; }

    /// <summary>The folder that <c>postgres/bin</c> was unpacked into where the system has no server.</summary>
    public required string ToolsFolder { get; init; }

    public required int Port { get; init; }

    /// <summary>The database made with the cluster.</summary>
    public required string Database { get; init; }

    /// <summary>False gives up safety against power loss for speed: tests only.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>The topology's own server.</summary>
    public static PostgresOptions For(HostSettings settings) => new()
    {
        DataFolder = Path.Combine(settings.Data, "postgres"),
        PasswordFile = settings.PostgresPassword,
        ToolsFolder = settings.Tools,
        Port = settings.Port(HostPort.Postgres),
        Database = ResourceNames.Database,
    };
}

/// <summary>
/// A PostgreSQL server of our own: listens on the loopback address only, trusts nobody without a password, never runs
/// as root. <see cref="PrepareAsync"/> makes the cluster when there is none; <see cref="Command"/> then runs the server
/// in the foreground, for a supervisor or for <see cref="StartAsync"/>.
/// </summary>
internal sealed class PostgresServer
{
    public const string Superuser = "mefapex";

    /// <summary>Ends the server quickly but cleanly; SIGTERM would wait until every client has gone.</summary>
    public const ProcessSignal StopSignal = ProcessSignal.Interrupt;

    private readonly PostgresOptions _options;
    private readonly ServerAccount _account;
    private readonly PostgresBinaries _binaries;
    private readonly string _password;
    private Process? _process;

    private PostgresServer(
        PostgresOptions options,
        ServerAccount account,
        PostgresBinaries binaries,
        string dataFolder,
        string password)
    {
        _options = options;
        _account = account;
        _binaries = binaries;
        _password = password;
        DataFolder = dataFolder;
    }

    /// <summary>Where the cluster really lies.</summary>
    public string DataFolder { get; }

    private string Cluster => Path.Combine(DataFolder, "cluster");

    public string ConnectionString => ConnectionStringFor(_options.Database);

    /// <summary>The server, in the foreground.</summary>
    public Command Command => _account.Run(new Command(_binaries.Server, ["-D", Cluster, .. Settings()])
    {
        WorkingDirectory = Cluster,
    });

    /// <summary>Finds a server program, and makes or repairs the cluster so that the server can be started.</summary>
    /// <param name="report">Receives one line for each thing a person should know.</param>
    /// <exception cref="PostgresUnavailableException">There is no usable server program, account or folder.</exception>
    public static async Task<PostgresServer> PrepareAsync(
        PostgresOptions options,
        Action<string> report,
        CancellationToken cancellationToken)
    {
        var account = ServerAccount.Choose();
        var dataFolder = await ReachableAsync(options.DataFolder, account, report, cancellationToken);
        var binaries = await ChooseBinariesAsync(options, account, dataFolder, cancellationToken);
        var (password, isNew) = Password(options.PasswordFile);
        var server = new PostgresServer(options, account, binaries, dataFolder, password);

        await server.StopLeftoverAsync(report, cancellationToken);
        if (!HasCluster(dataFolder))
        {
            report($"making a PostgreSQL {binaries.Major} cluster in {dataFolder}");
            await server.InitialiseAsync(cancellationToken);
        }
        else if (isNew)
        {
            report("the database password was lost: a new one is set");
            await server.ExecuteAloneAsync(server.Cluster, [server.SetPassword], cancellationToken);
        }

        return server;
    }

    /// <summary>A connection string for another database of the same server.</summary>
    public string ConnectionStringFor(string database) => string.Create(
        CultureInfo.InvariantCulture,
        $"Host=127.0.0.1;Port={_options.Port};Username={Superuser};Password={_password};Database={database}");

    /// <summary>
    /// Whether the server takes connections: a greeting is answered with a request for the password. While it starts
    /// up or recovers it answers with an error instead.
    /// </summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", _options.Port, cancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync(Greeting(), cancellationToken);
            var answer = new byte[1];
            return await stream.ReadAsync(answer, cancellationToken) == 1 && answer[0] == (byte)'R';
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    /// <summary>Starts the server as a child of this process and waits until it takes connections.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var tail = new Queue<string>();
        _process = Process.Start(Command.ToStartInfo())
            ?? throw new PostgresUnavailableException($"{_binaries.Server} did not start");
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, line) => Keep(tail, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        while (!await IsReadyAsync(cancellationToken))
        {
            if (_process.HasExited)
                throw new PostgresUnavailableException($"PostgreSQL ended while starting: {string.Join(" | ", tail)}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
    }

    /// <summary>Stops the server that <see cref="StartAsync"/> started.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_process is null)
            return;
        if (ProcessIdentity.Of(_process.Id) is { } identity)
            await identity.StopAsync(StopSignal, TimeSpan.FromSeconds(20), cancellationToken);
        _process.Dispose();
        _process = null;
    }

    private string SetPassword => $"ALTER ROLE {Superuser} PASSWORD '{_password}'";

    private string[] Settings()
    {
        List<string> settings =
        [
            "listen_addresses=127.0.0.1",
            string.Create(CultureInfo.InvariantCulture, $"port={_options.Port}"),
            "unix_socket_directories=",
            "max_connections=100",
            "shared_buffers=256MB",
            "max_wal_size=512MB",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_min_duration_statement=500ms",
        ];
        if (!_options.Durable)
            settings.AddRange(["fsync=off", "full_page_writes=off"]);
        return [.. settings.SelectMany(setting => new[] { "-c", setting })];
    }

    private static async Task<string> ReachableAsync(
        string wanted,
        ServerAccount account,
        Action<string> report,
        CancellationToken cancellationToken)
    {
        var shelter = Path.Combine(ServerAccount.ShelterFor(wanted), "data");
        Directory.CreateDirectory(wanted);
        await account.OwnAsync(wanted, cancellationToken);
        if (await account.CanAsync("-w", wanted, cancellationToken) && (HasCluster(wanted) || !HasCluster(shelter)))
            return wanted;

        report($"the data lies in {shelter}, because the server's user could not enter {wanted}");
        Directory.CreateDirectory(Path.GetDirectoryName(shelter)!);
        await account.OwnAsync(shelter, cancellationToken);
        return shelter;
    }

    private static bool HasCluster(string dataFolder) => File.Exists(VersionFile(dataFolder));

    private static string VersionFile(string dataFolder) => Path.Combine(dataFolder, "cluster", "PG_VERSION");

    private static async Task<PostgresBinaries> ChooseBinariesAsync(
        PostgresOptions options,
        ServerAccount account,
        string dataFolder,
        CancellationToken cancellationToken)
    {
        var all = await PostgresBinaries.FindAsync(options.ToolsFolder, cancellationToken);
        if (all.Count == 0)
            throw new PostgresUnavailableException(
                $"no PostgreSQL {PostgresBinaries.OldestMajor} or later found: {PostgresBinaries.HowToInstall}");

        var chosen = all[0];
        if (HasCluster(dataFolder))
        {
            var made = (await File.ReadAllTextAsync(VersionFile(dataFolder), cancellationToken)).Trim();
            chosen = all.FirstOrDefault(b => string.Equals(b.Major.ToString(CultureInfo.InvariantCulture), made, StringComparison.Ordinal))
                ?? throw new PostgresUnavailableException(
                    $"the data in {dataFolder} was made by PostgreSQL {made}, but only {string.Join(", ", all.Select(b => b.Major))} "
                    + $"is installed: install PostgreSQL {made}, or move the folder away to start empty");
        }

        return await account.CanAsync("-x", chosen.Server, cancellationToken)
            ? chosen
            : CopyWhereReachable(chosen);
    }

    // A server unpacked under a private home folder cannot be run by another account.
    private static PostgresBinaries CopyWhereReachable(PostgresBinaries binaries)
    {
        var home = Path.GetDirectoryName(binaries.Folder)!;
        var target = Path.Combine(ServerAccount.ShelterFor(home), string.Create(CultureInfo.InvariantCulture, $"postgres-{binaries.Major}"));
        foreach (var file in Directory.EnumerateFiles(home, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(home, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }

        return binaries with { Folder = Path.Combine(target, "bin") };
    }

    /// <summary>The superuser's password, made and kept in a private file when there is none yet.</summary>
    public static string PasswordFrom(string file) => Password(file).Password;

    private static (string Password, bool IsNew) Password(string file)
    {
        if (File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } kept)
            return (kept, false);
        var password = RandomNumberGenerator.GetHexString(40, lowercase: true);
        PrivateFile.Write(file, password);
        return (password, true);
    }

    // A server whose supervisor was killed still holds the cluster, or has left a file that says so.
    private async Task StopLeftoverAsync(Action<string> report, CancellationToken cancellationToken)
    {
        var pidFile = Path.Combine(Cluster, "postmaster.pid");
        if (!File.Exists(pidFile))
            return;
        var first = File.ReadLines(pidFile).FirstOrDefault();
        if (int.TryParse(first, CultureInfo.InvariantCulture, out var pid)
            && ProcessIdentity.Of(pid) is { } leftover
            && IsServerOf(pid))
        {
            report(string.Create(CultureInfo.InvariantCulture, $"stopping the PostgreSQL server {pid} that an earlier run left behind"));
            await leftover.StopAsync(StopSignal, TimeSpan.FromSeconds(20), cancellationToken);
        }

        File.Delete(pidFile);
    }

    private bool IsServerOf(int pid)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(pid);
                return process.ProcessName is "postgres";
            }

            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0') is [var program, .. var arguments]
                && Path.GetFileName(program) is "postgres"
                && arguments.Contains(Cluster, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    private async Task InitialiseAsync(CancellationToken cancellationToken)
    {
        // Made beside its place and moved there when complete: an interruption leaves nothing half-made to trip over.
        var draft = Cluster + ".new";
        if (Directory.Exists(draft))
            Directory.Delete(draft, recursive: true);

        // Byte order sorts the same everywhere; the character classes must know letters beyond ASCII.
        var result = await RunInitAsync(draft, "C.UTF-8", cancellationToken);
        if (result.ExitCode != 0 && result.Error.Contains("invalid locale", StringComparison.Ordinal))
            result = await RunInitAsync(draft, "C", cancellationToken);
        if (result.ExitCode != 0)
            throw new PostgresUnavailableException($"initdb failed in {draft}: {result.Tail}");

        await File.WriteAllTextAsync(
            Path.Combine(draft, "pg_hba.conf"),
            "host all all 127.0.0.1/32 scram-sha-256\n",
            cancellationToken);
        await ExecuteAloneAsync(draft, [SetPassword, $"CREATE DATABASE {_options.Database}"], cancellationToken);
        Directory.Move(draft, Cluster);
    }

    private Task<ToolResult> RunInitAsync(string folder, string characters, CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            "-D", folder, "-U", Superuser, "-E", "UTF8", "--locale=C", $"--lc-ctype={characters}",
            "--auth=reject", "--no-instructions",
        ];
        if (!_options.Durable)
            arguments.Add("--no-sync");
        return Tool.RunAsync(
            _account.Run(new Command(_binaries.Init, arguments) { WorkingDirectory = DataFolder }), null, cancellationToken);
    }

    // Single-user mode needs neither a listening server nor a password.
    private async Task ExecuteAloneAsync(string folder, string[] statements, CancellationToken cancellationToken)
    {
        var command = new Command(_binaries.Server, ["--single", "-D", folder, "postgres"]) { WorkingDirectory = folder };
        var result = await Tool.RunAsync(
            _account.Run(command), string.Join('\n', statements) + "\n", cancellationToken);
        if (result.ExitCode != 0 || result.Error.Contains("ERROR:", StringComparison.Ordinal))
            throw new PostgresUnavailableException($"PostgreSQL could not prepare {folder}: {result.Tail.Replace(_password, "***", StringComparison.Ordinal)}");
    }

    // Protocol 3.0: length, version, then names and values, each ended by a zero.
    private static byte[] Greeting()
    {
        var body = Encoding.ASCII.GetBytes($"\0\u0003\0\0user\0{Superuser}\0database\0postgres\0\0");
        return [0, 0, 0, (byte)(body.Length + 4), .. body];
    }

    private static void Keep(Queue<string> tail, string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (tail)
        {
            tail.Enqueue(line);
            if (tail.Count > 5)
                tail.Dequeue();
        }
    }
}
