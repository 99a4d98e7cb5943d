using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.Contracts;

namespace Mefapex.AppHost.Local;

/// <summary>
/// The Aspire dashboard out of the Aspire CLI's npm package, which the setup unpacks. The dashboard's own program is
/// started directly: it needs less than half the memory of <c>aspire dashboard run</c> and answers sooner.
/// </summary>
internal sealed class DashboardHost
{
    private readonly string _home;
    private readonly string _program;

    private DashboardHost(string home, string program) => (_home, _program) = (home, program);

    /// <summary>The dashboard, or null where it has not been unpacked.</summary>
    public static DashboardHost? Find(string toolsFolder)
    {
        var home = Path.Combine(toolsFolder, "aspire", "home");
        var name = OperatingSystem.IsWindows() ? "aspire-managed.exe" : "aspire-managed";
        var program = Path.Combine(home, ".aspire", "bundle", "managed", name);
        return File.Exists(program) ? new DashboardHost(home, program) : null;
    }

    /// <summary>The ports that the topology takes with or without a dashboard.</summary>
    public static IEnumerable<HostPort> PortsOf(DashboardHost? dashboard) => dashboard is null
        ? HostPort.All.Except([HostPort.Dashboard, HostPort.Otlp, HostPort.OtlpHttp])
        : HostPort.All;

    public static Resource Declare(DashboardHost? dashboard, HostSettings settings)
    {
        var url = settings.Url(HostPort.Dashboard);
        return new Resource(ResourceNames.Dashboard, "executable")
        {
            Url = url,
            SkippedBecause = dashboard is null ? "the Aspire CLI's package is not in .mefapex/tools/aspire" : null,
            IsHealthyAsync = cancellationToken => ServiceFactory.AnswersAsync($"{url}/health", cancellationToken),
            PrepareAsync = _ => Task.FromResult(dashboard!.CommandFor(settings)),
        };
    }

    private Command CommandFor(HostSettings settings) => new(_program, ["dashboard"])
    {
        WorkingDirectory = Path.GetDirectoryName(_program),
        Environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = _home,
            ["ASPNETCORE_URLS"] = settings.Url(HostPort.Dashboard),
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = settings.Url(HostPort.Otlp),
            ["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = settings.Url(HostPort.OtlpHttp),
            ["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true",
            ["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = "true",
            ["Logging__Console__FormatterName"] = "json",
        },
    };
}
