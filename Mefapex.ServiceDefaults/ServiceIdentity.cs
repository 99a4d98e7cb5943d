using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace Mefapex.ServiceDefaults;

/// <summary>How a process names itself in telemetry and health answers.</summary>
/// <param name="Name"><c>OTEL_SERVICE_NAME</c>, else the application's name.</param>
/// <param name="Version">Version of the application's assembly, without build metadata.</param>
/// <param name="InstanceId">Tells replicas apart: machine and process.</param>
public sealed record ServiceIdentity(string Name, string Version, string InstanceId)
{
    internal static ServiceIdentity Of(IHostApplicationBuilder builder)
    {
        var name = builder.Configuration["OTEL_SERVICE_NAME"];
        return new ServiceIdentity(
            string.IsNullOrWhiteSpace(name) ? builder.Environment.ApplicationName : name,
            VersionOf(Assembly.GetEntryAssembly() ?? typeof(ServiceIdentity).Assembly),
            $"{Environment.MachineName}-{Environment.ProcessId}");
    }

    private static string VersionOf(Assembly assembly)
    {
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        return version.Split('+')[0];
    }
}
