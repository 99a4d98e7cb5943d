using System.Runtime.InteropServices;
using Mefapex.AppHost.Postgres;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;

namespace Mefapex.AppHost.Local;

/// <summary>The Partial profile's host: checks, then runs the topology until a signal ends it.</summary>
internal static class LocalHost
{
    public static async Task<int> RunAsync(bool quiet)
    {
        var console = HostConsole.Standard(resources: !quiet);
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        try
        {
            return await RunAsync(HostSettings.Find(), console, stop.Token);
        }
        catch (HostException e)
        {
            console.Fail(e.Message + "\n" + e.Remedy);
        }
        catch (PostgresUnavailableException e)
        {
            console.Fail(e.Message);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            console.Say("stopped while starting");
        }

        return 1;

        void Stop(PosixSignalContext signal)
        {
            // A second signal takes its usual course and ends the runner at once.
            if (stop.IsCancellationRequested)
                return;
            signal.Cancel = true;
            console.Say("stopping");
            stop.Cancel();
        }
    }

    private static async Task<int> RunAsync(HostSettings settings, HostConsole console, CancellationToken cancellationToken)
    {
        var dashboard = DashboardHost.Find(settings.Tools);
        using var held = await Preflight.PassAsync(settings, DashboardHost.PortsOf(dashboard), console.Say, cancellationToken);
        if (held is null)
        {
            console.Say("Mefapex is up already:\n" + AddressTable.Render(TopologyState.Read(settings.StateFile), settings));
            return 0;
        }

        var resources = Topology.Declare(settings, dashboard, console.Say);
        var initial = Supervisor.Initial(resources, settings.Logs, TimeProvider.System);
        var scoreboard = new Scoreboard(initial, settings.StateFile);
        var supervisor = new Supervisor(resources, scoreboard, console, settings.Logs, new SupervisorTiming(), TimeProvider.System);
        try
        {
            await supervisor.RunAsync(
                () => console.Say("everything is up\n" + AddressTable.Render(scoreboard.State, settings)),
                cancellationToken);
        }
        finally
        {
            scoreboard.Clear();
        }

        console.Say("everything has been stopped; the data stays");
        return 0;
    }
}
