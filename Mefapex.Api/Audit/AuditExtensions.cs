namespace Mefapex.Api.Audit;

internal static class AuditExtensions
{
    public static WebApplicationBuilder AddAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddSingleton<AuditWriter>();
        builder.Services.AddScoped<IAuditLog, AuditLog>();
        builder.Services.AddScoped<AuditChain>();
        builder.Services.AddSingleton<AuditTrim>();
        return builder;
    }

    public static void MapAudit(this IEndpointRouteBuilder endpoints) => endpoints.MapAuditEndpoints();
}
