using System.Globalization;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;
using Mefapex.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.AppHost.Full;

/// <summary>Writes what Aspire knows of its resources to the state file, for <c>./mefapex status</c> and <c>down</c>.</summary>
internal sealed class StateReporter(
    DistributedApplicationModel model,
    ResourceNotificationService notifications,
    HostSettings settings,
    TimeProvider time) : BackgroundService
{
    private const string Orchestrator = "orchestrator";
    private const string AspireDashboard = "aspire-dashboard";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var known = model.Resources
            .Where(IsProcess)
            .Select(resource => new ResourceState(resource.Name, KindOf(resource))
            {
                Url = resource.Name is ResourceNames.Postgres ? settings.Address(HostPort.Postgres) : null,
            })
            .Append(new ResourceState(ResourceNames.Dashboard, "executable") { Url = settings.Url(HostPort.Dashboard) })
            .Append(new ResourceState(Orchestrator, "executable"))
            .ToList();
        var scoreboard = new Scoreboard(
            new TopologyState(ProcessIdentity.Current, "Full", time.GetUtcNow(), known), settings.StateFile);
        var announced = false;
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            var name = change.Resource.Name is AspireDashboard ? ResourceNames.Dashboard : change.Resource.Name;
            scoreboard.Change(name, state => Describe(state, change.Snapshot));
            if (PidOf(change.Snapshot) is { } pid && ParentOf(pid) is { } orchestrator)
                scoreboard.Change(Orchestrator, state => state with { Phase = ResourcePhase.Healthy, Process = ProcessIdentity.Of(orchestrator) });
            if (announced || !scoreboard.State.AllHealthy)
                continue;
            announced = true;
            Console.WriteLine("everything is up\n" + AddressTable.Render(scoreboard.State, settings));
        }
    }

    // Aspire adds resources of its own: the dashboard, and one to build each project anew.
    private static bool IsProcess(IResource resource) =>
        resource is ProjectResource or ExecutableResource or ContainerResource
        && resource is not IResourceWithParent
        && resource.Name is not AspireDashboard;

    private static string KindOf(IResource resource) => resource switch
    {
        ProjectResource => "project",
        ContainerResource => "container",
        _ => "executable",
    };

    private static ResourceState Describe(ResourceState state, CustomResourceSnapshot snapshot)
    {
        var phase = PhaseOf(snapshot);
        return state with
        {
            Phase = phase,
            Url = state.Url ?? snapshot.Urls.FirstOrDefault(url => !url.IsInternal)?.Url,
            Process = PidOf(snapshot) is { } pid && phase is not ResourcePhase.Stopped ? ProcessIdentity.Of(ServiceOf(pid, state)) : null,
            Reason = phase is ResourcePhase.Unhealthy or ResourcePhase.Stopped ? snapshot.State?.Text : null,
        };
    }

    private static ResourcePhase PhaseOf(CustomResourceSnapshot snapshot) => snapshot.State?.Text switch
    {
        null or "NotStarted" or "Waiting" => ResourcePhase.Waiting,
        "Starting" or "Building" => ResourcePhase.Starting,
        "Running" when snapshot.HealthStatus is HealthStatus.Healthy => ResourcePhase.Healthy,
        "Running" when snapshot.HealthReports.Any(report => report.LastRunAt is null) => ResourcePhase.Starting,
        "Running" => ResourcePhase.Unhealthy,
        _ => ResourcePhase.Stopped,
    };

    // Aspire's orchestrator, the parent of all that it runs, outlives this process by a moment: down waits for it.
    private static int? ParentOf(int pid)
    {
        try
        {
            var status = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith("PPid:", StringComparison.Ordinal));
            return int.TryParse(status?[5..], CultureInfo.InvariantCulture, out var parent) && parent > 1 ? parent : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    // A project is run by "dotnet run"; its only child is the service itself.
    private static int ServiceOf(int pid, ResourceState state)
    {
        var children = $"/proc/{pid}/task/{pid}/children";
        return state.Kind is "project"
            && File.Exists(children)
            && int.TryParse(File.ReadAllText(children), CultureInfo.InvariantCulture, out var child)
                ? child
                : pid;
    }

    private static int? PidOf(CustomResourceSnapshot snapshot) =>
        snapshot.Properties.FirstOrDefault(property => property.Name is "executable.pid")?.Value switch
        {
            int pid => pid,
            long pid => (int)pid,
            string text when int.TryParse(text, CultureInfo.InvariantCulture, out var pid) => pid,
            _ => null,
        };
}
