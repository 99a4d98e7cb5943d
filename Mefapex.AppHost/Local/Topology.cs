using Mefapex.AppHost.Postgres;
using Mefapex.AppHost.Settings;
using Mefapex.Contracts;

namespace Mefapex.AppHost.Local;

/// <summary>The topology on one screen, as <c>AppHost.cs</c> declares it for Aspire in the Full profile.</summary>
internal static class Topology
{
    public static IReadOnlyList<Resource> Declare(HostSettings settings, DashboardHost? dashboard, Action<string> report)
    {
        var services = new ServiceFactory(settings, dashboard is not null);
        var database = new LocalDatabase(settings, report);

        var postgres = new Resource(ResourceNames.Postgres, "executable")
        {
            PrepareAsync = database.PrepareAsync,
            IsHealthyAsync = database.IsReadyAsync,
            StopSignal = PostgresServer.StopSignal,
            Url = settings.Address(HostPort.Postgres),
        };

        var ai = services.Create(ResourceNames.Ai, "Mefapex.Ai", HostPort.Ai, waitsFor: [], () => []);

        var api = services.Create(ResourceNames.Api, "Mefapex.Api", HostPort.Api, waitsFor: [postgres], () =>
        [
            ($"ConnectionStrings__{ResourceNames.Database}", database.ConnectionString),
            ($"services__{ResourceNames.Ai}__http__0", settings.Url(HostPort.Ai)),
            ("Tokens__SigningKey", settings.TokenSigningKey()),
            ("Files__Folder", settings.Files),
        ]);

        var web = services.Create(ResourceNames.Web, "Mefapex.Web", HostPort.Web, waitsFor: [api], () =>
        [
            ($"services__{ResourceNames.Api}__http__0", settings.Url(HostPort.Api)),
            ("Web__StateFolder", settings.WebState),
        ]);

        return [postgres, ai, api, web, DashboardHost.Declare(dashboard, settings)];
    }
}
