using System.Runtime.InteropServices;
using Mefapex.AppHost.Local;
using Mefapex.AppHost.Postgres;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;

var console = HostConsole.Standard(resources: !args.Contains("--quiet", StringComparer.Ordinal));
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
try
{
    var settings = HostSettings.Find();
    var dashboard = DashboardHost.Find(settings.Tools);
    using var held = await Preflight.PassAsync(settings, DashboardHost.PortsOf(dashboard), console.Say, stop.Token);
    if (held is null)
    {
        console.Say("Mefapex is up already:\n" + AddressTable.Render(TopologyState.Read(settings.StateFile), settings));
        return 0;
    }

    var resources = Topology.Declare(settings, dashboard, console.Say);
    var scoreboard = new Scoreboard(Supervisor.Initial(resources, settings.Logs, TimeProvider.System), settings.StateFile);
    var supervisor = new Supervisor(resources, scoreboard, console, settings.Logs, TimeProvider.System);
    try
    {
        await supervisor.RunAsync(
            () => console.Say("everything is up\n" + AddressTable.Render(scoreboard.State, settings)),
            stop.Token);
    }
    finally
    {
        scoreboard.Clear();
    }

    console.Say("everything has been stopped; the data stays");
    return 0;
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
