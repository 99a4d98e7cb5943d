using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Mefapex.AppHost.Processes;

namespace Mefapex.Tests.Support;

/// <summary>
/// A Redis server of a test's own on a loopback port, with nothing on disk. Where there is no server program such a test is
/// skipped on a person's machine and fails where CI=true.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string _program;
    private Process? _process;

    private RedisServer(string program, int port) => (_program, Port) = (program, port);

    public int Port { get; }

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public static async Task<RedisServer> StartNewAsync()
    {
        const string Missing = "redis-server is not on the PATH";
        var program = Tool.Find("redis-server");
        if (program is null && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            Assert.Fail($"Redis is required where CI=true: {Missing}");
        Assert.SkipWhen(program is null, Missing);
        var server = new RedisServer(program!, PostgresFixture.FreePort());
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it, empty, and waits until it takes connections.</summary>
    public async Task StartAsync()
    {
        _process = Process.Start(new ProcessStartInfo(
            _program,
            ["--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        await Eventually.UntilAsync(Listens, "redis-server takes connections");
    }

    /// <summary>Ends it at once; what it held is lost.</summary>
    public async Task StopAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _process = null;
    }

    /// <summary>Has it take requests and answer none.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    public Task ResumeAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(CancellationToken.None);
        kill.ExitCode.ShouldBe(0);
    }

    private bool Listens()
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
