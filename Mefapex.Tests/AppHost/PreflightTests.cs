using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.AppHost;

public sealed class PreflightTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mefapex-preflight-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_occupied_port_is_named_with_its_purpose_its_variable_and_its_holder()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var settings = Settings(("MEFAPEX_API_PORT", port.ToString(CultureInfo.InvariantCulture)));

        var failure = await Should.ThrowAsync<HostException>(() => PassAsync(settings, HostPort.Api));

        failure.Message.ShouldStartWith($"Port {port}, meant for the API, is in use");
        failure.Remedy.ShouldContain("MEFAPEX_API_PORT");
        if (OperatingSystem.IsLinux())
            failure.Message.ShouldContain($"(pid {Environment.ProcessId})");
    }

    [Fact]
    public async Task After_a_refusal_the_lock_is_free_again()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var settings = Settings(("MEFAPEX_API_PORT", port.ToString(CultureInfo.InvariantCulture)));
        await Should.ThrowAsync<HostException>(() => PassAsync(settings, HostPort.Api));
        listener.Stop();

        using var held = await PassAsync(settings, HostPort.Api);

        held.ShouldNotBeNull();
    }

    [Fact]
    public async Task Only_one_run_at_a_time_passes()
    {
        using var first = await PassAsync(Settings());

        (await PassAsync(Settings())).ShouldBeNull();
    }

    [Fact]
    public async Task A_state_folder_that_cannot_be_written_is_named_with_the_remedy()
    {
        var file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, string.Empty, TestContext.Current.CancellationToken);
        var state = Path.Combine(file, "state");

        var failure = await Should.ThrowAsync<HostException>(() => PassAsync(Settings(("MEFAPEX_STATE", state))));

        failure.Message.ShouldContain(state);
        failure.Remedy.ShouldContain("MEFAPEX_STATE");
    }

    [Fact]
    public async Task Processes_left_by_a_killed_run_are_ended_first()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the sample process is a POSIX one");
        using var orphan = Process.Start("sleep", "300");
        var settings = Settings();
        Leave(settings, ProcessIdentity.Of(orphan.Id)!);

        using var held = await PassAsync(settings);

        ProcessIdentity.Of(orphan.Id).ShouldBeNull();
        File.Exists(settings.StateFile).ShouldBeFalse();
    }

    [Fact]
    public async Task A_stranger_that_was_given_a_recorded_number_is_left_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the sample process is a POSIX one");
        using var stranger = Process.Start("sleep", "300");
        try
        {
            var settings = Settings();
            Leave(settings, new ProcessIdentity(stranger.Id, "another start"));

            using var held = await PassAsync(settings);

            stranger.HasExited.ShouldBeFalse();
        }
        finally
        {
            stranger.Kill();
        }
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("0")]
    [InlineData("65536")]
    public void A_port_that_is_none_is_refused_by_its_variable(string value) =>
        Should.Throw<HostException>(() => Settings(("MEFAPEX_WEB_PORT", value))).Message.ShouldBe($"MEFAPEX_WEB_PORT={value} is not a port.");

    [Fact]
    public void One_port_for_two_purposes_is_refused() =>
        Should.Throw<HostException>(() => Settings(("MEFAPEX_WEB_PORT", "8000"))).Remedy.ShouldBe(
            "Set MEFAPEX_WEB_PORT or MEFAPEX_API_PORT to another port.");

    [Fact]
    public void The_signing_key_is_made_once()
    {
        var settings = Settings();

        settings.TokenSigningKey().ShouldBe(settings.TokenSigningKey());
        Convert.FromBase64String(settings.TokenSigningKey()).Length.ShouldBe(48);
    }

    private static async Task<IDisposable?> PassAsync(HostSettings settings, params HostPort[] ports) =>
        await Preflight.PassAsync(settings, ports, _ => { }, TestContext.Current.CancellationToken);

    private static void Leave(HostSettings settings, ProcessIdentity process)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(settings.StateFile)!);
        var dead = new ProcessIdentity(int.MaxValue, "never");
        new TopologyState(dead, "Partial", DateTimeOffset.UnixEpoch, [new ResourceState("left", "executable") { Process = process }])
            .Write(settings.StateFile);
    }

    private HostSettings Settings(params (string Name, string Value)[] variables) => new(
        RepositoryRoot.Path,
        name => variables.Prepend(("MEFAPEX_STATE", Path.Combine(_folder, "state"))).LastOrDefault(v => v.Item1 == name).Item2);
}
