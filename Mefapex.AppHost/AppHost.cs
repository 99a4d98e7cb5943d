using Mefapex.AppHost.Control;
using Mefapex.AppHost.Full;
using Mefapex.AppHost.Settings;
using Mefapex.Contracts;

if (await HostCommand.TryRunAsync(args) is { } exitCode)
    return exitCode;

using var host = await AspireHost.EnterAsync();
if (host is null)
    return AspireHost.NotStarted;

var settings = host.Settings;
var builder = DistributedApplication.CreateBuilder(args);
host.Configure(builder);

var backing = await ContainerEngine.AnswersAsync()
    ? Backing.InContainers(builder, settings)
    : await Backing.FromLocalProgramsAsync(builder, settings);

var ai = builder.AddProject<Projects.Mefapex_Ai>(ResourceNames.Ai, Backing.WithoutLaunchProfile)
    .WithHttpEndpoint(settings.Port(HostPort.Ai))
    .WithHttpHealthCheck("/health/ready");

var api = builder.AddProject<Projects.Mefapex_Api>(ResourceNames.Api, Backing.WithoutLaunchProfile)
    .WithHttpEndpoint(settings.Port(HostPort.Api))
    .WithHttpHealthCheck("/health/ready")
    .WithReference(backing.Database)
    .WithReference(ai)
    .WithOptionalReferences(backing.Others)
    .WithEnvironment("Files__Folder", settings.Files)
    .WithEnvironment("Tokens__SigningKey", builder.AddParameter("token-signing-key", settings.TokenSigningKey(), secret: true))
    .WaitFor(backing.Database);

var web = builder.AddProject<Projects.Mefapex_Web>(ResourceNames.Web, Backing.WithoutLaunchProfile)
    .WithHttpEndpoint(settings.Port(HostPort.Web))
    .WithEnvironment("Web__StateFolder", settings.WebState)
    .WithHttpHealthCheck("/health/ready")
    .WithExternalHttpEndpoints()
    .WithReference(api)
    .WaitFor(api);

foreach (var service in new[] { ai, api, web })
    service.WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName);

await builder.Build().RunAsync();
return 0;
