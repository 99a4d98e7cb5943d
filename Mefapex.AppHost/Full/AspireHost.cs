using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mefapex.AppHost.Full;

/// <summary>What surrounds the Aspire program: the same checks, ports and state file as the local runner has.</summary>
internal sealed class AspireHost : IDisposable
{
    public const int NotStarted = 1;

    private readonly IDisposable _lock;

    private AspireHost(HostSettings settings, IDisposable held) => (Settings, _lock) = (settings, held);

    public HostSettings Settings { get; }

    /// <returns>Null when it must not start; why has been said.</returns>
    public static async Task<AspireHost?> EnterAsync()
    {
        try
        {
            var settings = HostSettings.Find();
            if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")))
                Environment.SetEnvironmentVariable("DOTNET_ENVIRONMENT", Environments.Development);
            var held = await Preflight.PassAsync(settings, HostPort.All, Console.WriteLine, CancellationToken.None);
            if (held is not null)
                return new AspireHost(settings, held);
            Console.WriteLine("Mefapex is up already:\n" + AddressTable.Render(TopologyState.Read(settings.StateFile), settings));
        }
        catch (HostException e)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}\n  {e.Remedy}");
        }

        return null;
    }

    /// <summary>Gives the dashboard and telemetry their ports, and writes down what runs.</summary>
    public void Configure(IDistributedApplicationBuilder builder)
    {
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_URLS"] = Settings.Url(HostPort.Dashboard),
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = Settings.Url(HostPort.Otlp),
            ["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = Settings.Url(HostPort.OtlpHttp),
            ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{FreePort()}"),
            ["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true",
            ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
            ["DcpPublisher:WaitForResourceCleanup"] = "true",
        });
        builder.Services.AddSingleton(Settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHostedService<StateReporter>();
    }

    public void Dispose()
    {
        File.Delete(Settings.StateFile);
        _lock.Dispose();
    }

    /// <summary>A port for what only other resources look for.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
