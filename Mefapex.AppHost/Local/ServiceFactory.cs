using System.Runtime.InteropServices;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;

namespace Mefapex.AppHost.Local;

/// <summary>Declares our own services: what every one of them is told, and how its health is asked for.</summary>
internal sealed class ServiceFactory(HostSettings settings, bool hasDashboard)
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };

    // This program is built like the services beside it: .../Mefapex.AppHost/bin/<configuration>/<framework>/.
    private static readonly string BuildFolder = Path.GetRelativePath(
        Path.Combine(AppContext.BaseDirectory, "..", "..", ".."),
        AppContext.BaseDirectory);

    public Resource Create(
        string name,
        string project,
        HostPort port,
        IReadOnlyList<Resource> waitsFor,
        Func<(string Name, string Value)[]> environment)
    {
        var folder = Path.Combine(settings.Root, project);
        var program = Path.Combine(folder, BuildFolder, project + ".dll");
        var url = settings.Url(port);
        return new Resource(name, "project")
        {
            Url = url,
            WaitsFor = waitsFor,
            IsHealthyAsync = cancellationToken => AnswersAsync($"{url}/health/ready", cancellationToken),
            PrepareAsync = _ => File.Exists(program)
                ? Task.FromResult(new Command(DotnetProgram, [program])
                {
                    WorkingDirectory = folder,
                    Environment = Common(name, url, environment()),
                })
                : throw new HostException($"{project} has not been built: there is no {program}.", "Run ./mefapex up, or dotnet build Mefapex.AppHost"),
        };
    }

    /// <summary>Whether a GET is answered with success.</summary>
    public static async Task<bool> AnswersAsync(string url, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await Http.GetAsync(new Uri(url), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private static string DotnetProgram
    {
        get
        {
            // <dotnet>/shared/Microsoft.NETCore.App/<version>/
            var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
            var program = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
            return File.Exists(program) ? program : "dotnet";
        }
    }

    private Dictionary<string, string> Common(string name, string url, (string Name, string Value)[] own)
    {
        var environment = own.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        environment["ASPNETCORE_URLS"] = url;
        environment["OTEL_SERVICE_NAME"] = name;
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT")))
            environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        if (hasDashboard && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT")))
            environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = settings.Url(HostPort.Otlp);
        return environment;
    }
}
