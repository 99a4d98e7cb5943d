using Mefapex.Api.Data;

namespace Mefapex.Api.Tenants;

/// <summary>Whose rows a request is about: nobody's until its tenant is known, unless its route says that it is about all tenants'.</summary>
internal static class TenantRows
{
    /// <summary>For what is looked up before a tenant is known, as accounts are at a sign-in, and for the platform operator's routes.</summary>
    public static TBuilder AcrossTenants<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithMetadata(new Across());

    public static void UseTenantRows(this WebApplication app) => app.Use(async (http, next) =>
    {
        using var rows = DataScope.UnknownYet();
        if (http.IsAcrossTenants())
            DataScope.Say(null);
        await next(http);
    });

    public static bool IsAcrossTenants(this HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<Across>() is not null;

    private sealed record Across;
}
