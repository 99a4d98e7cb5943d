using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.Contracts;

namespace Mefapex.AppHost.Local;

/// <summary>
/// The Aspire dashboard out of the Aspire CLI's npm package. The CLI carries the dashboard's own program and unpacks
/// it; started directly, that program needs less than half the memory of <c>aspire dashboard run</c>.
/// </summary>
internal sealed class DashboardHost(string cli, string toolsFolder)
{
    private const string NotUnpacked = "the Aspire CLI is not in .mefapex/tools/aspire";

    private string Home => Path.Combine(toolsFolder, "dashboard");

    private string Program => Path.Combine(Home, "bundle", "managed", Executable("aspire-managed"));

    public static DashboardHost? Find(string toolsFolder)
    {
        var folder = Path.Combine(toolsFolder, "aspire");
        var cli = new[] { folder, Path.Combine(folder, "bin"), Path.Combine(folder, "package", "bin") }
            .Select(place => Path.Combine(place, Executable("aspire")))
            .FirstOrDefault(File.Exists);
        return cli is null ? null : new DashboardHost(cli, toolsFolder);
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
            SkippedBecause = dashboard is null ? NotUnpacked : null,
            IsHealthyAsync = cancellationToken => ServiceFactory.AnswersAsync($"{url}/health", cancellationToken),
            PrepareAsync = cancellationToken => dashboard is null
                ? throw new HostException(NotUnpacked, "Run ./mefapex setup")
                : dashboard.PrepareAsync(settings, cancellationToken),
        };
    }

    private async Task<Command> PrepareAsync(HostSettings settings, CancellationToken cancellationToken)
    {
        await UnpackAsync(cancellationToken);
        return new Command(Program, ["dashboard"])
        {
            WorkingDirectory = Path.GetDirectoryName(Program),
            Environment = new Dictionary<string, string>(Quiet, StringComparer.Ordinal)
            {
                ["ASPNETCORE_URLS"] = settings.Url(HostPort.Dashboard),
                ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = settings.Url(HostPort.Otlp),
                ["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = settings.Url(HostPort.OtlpHttp),
                ["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true",
                ["Logging__Console__FormatterName"] = "json",
            },
        };
    }

    private Dictionary<string, string> Quiet => new(StringComparer.Ordinal)
    {
        ["HOME"] = Home,
        ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "1",
        ["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = "true",
    };

    private async Task UnpackAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(Program) && File.GetLastWriteTimeUtc(Program) >= File.GetLastWriteTimeUtc(cli))
            return;
        Directory.CreateDirectory(Home);
        var setup = new Command(cli, ["setup", "--non-interactive", "--nologo", "--force", "--install-path", Home]) { Environment = Quiet };
        var result = await Tool.RunAsync(setup, input: null, cancellationToken);
        if (result.ExitCode != 0 || !File.Exists(Program))
            throw new HostException($"The Aspire CLI could not unpack its dashboard: {result.Tail}", $"Delete {Home} and try again.");
    }

    private static string Executable(string name) => OperatingSystem.IsWindows() ? name + ".exe" : name;
}
