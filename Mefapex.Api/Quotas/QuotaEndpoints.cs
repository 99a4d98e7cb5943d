using System.Text.Json.Nodes;
using Mefapex.Api.Accounts;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Quotas;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Quotas;

/// <summary>What tenants may use, set by the platform operator, and what they used.</summary>
internal static class QuotaEndpoints
{
    private const double Near = 0.8;

    public static WebApplicationBuilder AddQuotas(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<QuotaOptions>()
            .BindConfiguration(QuotaOptions.Section)
            .Validate(
                options => options.IsValid,
                $"{QuotaOptions.Section}: limits are 0 or more, {nameof(QuotaOptions.Exchange)} lies between 100 ms and 1 minute.")
            .ValidateOnStart();
        builder.Services.AddSingleton<QuotaBook>();
        builder.Services.AddSingleton<SharedCounts>();
        builder.Services.AddSingleton<DocumentQuota>();
        builder.Services.AddSingleton<UsageMeter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<UsageMeter>());
        builder.Services.PostConfigure<ProblemDetailsOptions>(options => options.CustomizeProblemDetails += QuotaProblems.AddRetryAfter);
        return builder;
    }

    public static void MapQuotas(this IEndpointRouteBuilder endpoints)
    {
        var quotas = endpoints.MapGroup("/api/v1/admin/tenants/{slug}/quotas")
            .WithTags("Tenants").Requires(Policies.Quotas).NeedsDatabase().AcrossTenants();
        quotas.MapGet("", ReadAsync);
        quotas.MapPut("", WriteAsync);
        endpoints.MapGet("/api/v1/admin/usage", UsageAsync)
            .WithTags("Tenants").Requires(Policies.Usage).NeedsDatabase().ForTenant();
    }

    private static async Task<Results<Ok<TenantQuotaSettings>, ProblemHttpResult>> ReadAsync(
        string slug,
        TenantDirectory tenants,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        if (await tenants.FindAsync(slug, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound(slug);
        return TypedResults.Ok(await SettingsAsync(db, tenant.Id, cancellationToken));
    }

    private static async Task<Results<Ok<TenantQuotaSettings>, ProblemHttpResult>> WriteAsync(
        string slug,
        TenantQuotaSettings settings,
        TenantDirectory tenants,
        QuotaBook book,
        MefapexDb db,
        IAuditLog audit,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (await tenants.FindAsync(slug, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound(slug);
        foreach (var (quota, limit) in Limits(settings))
        {
            if (limit < 0)
                return QuotaProblems.LimitInvalid(quota);
        }

        var zone = string.IsNullOrWhiteSpace(settings.TimeZone) ? null : settings.TimeZone.Trim();
        if (zone is not null && !(TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) && found.HasIanaId))
            return QuotaProblems.TimeZoneUnknown(zone);

        var wanted = settings with { TimeZone = zone };
        await db.InTransactionAsync(
            async () =>
            {
                var before = await SettingsAsync(db, tenant.Id, cancellationToken);
                await db.Database.ExecuteSqlAsync(
                    $"""
                    insert into tenant_quotas (
                        tenant_id, questions_per_day, documents, storage_bytes, tokens_per_day, time_zone, updated_at)
                    values (
                        {tenant.Id}, {wanted.QuestionsPerDay}, {wanted.Documents}, {wanted.StorageBytes}, {wanted.TokensPerDay},
                        {zone}, {time.GetUtcNow()})
                    on conflict (tenant_id) do update set
                        questions_per_day = excluded.questions_per_day, documents = excluded.documents,
                        storage_bytes = excluded.storage_bytes, tokens_per_day = excluded.tokens_per_day,
                        time_zone = excluded.time_zone, updated_at = excluded.updated_at
                    """,
                    cancellationToken);
                await audit.RecordAsync(
                    new(AuditVerbs.QuotaChanged, tenant.Id, new("tenant", tenant.Id.ToString()))
                    {
                        Before = Facts(before),
                        After = Facts(wanted),
                    },
                    cancellationToken);
                return true;
            },
            cancellationToken);
        await book.ReadAsync(cancellationToken);
        return TypedResults.Ok(wanted);
    }

    private static async Task<Ok<TenantUsage>> UsageAsync(
        RequestTenant tenant,
        QuotaBook book,
        UsageMeter meter,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var quota = await book.OfAsync(tenant.Id, cancellationToken);
        var day = quota.DayOf(time.GetUtcNow());
        var (questions, tokens) = await meter.UsedAsync(tenant.Id, day, cancellationToken);
        var end = quota.EndOf(day);
        return TypedResults.Ok(new TenantUsage(
            day,
            quota.Zone.Id,
            [
                Of(QuotaNames.QuestionsPerDay, quota.QuestionsPerDay, questions, end),
                Of(QuotaNames.Documents, quota.Documents, await DocumentQuota.DocumentsAsync(db, tenant.Id, cancellationToken)),
                Of(QuotaNames.StorageBytes, quota.StorageBytes, await DocumentQuota.BytesAsync(db, tenant.Id, cancellationToken)),
                Of(QuotaNames.TokensPerDay, quota.TokensPerDay, tokens, end),
            ]));
    }

    private static QuotaUsage Of(string quota, long? limit, long used, DateTimeOffset? resetsAt = null)
    {
        double? share = limit switch
        {
            null => null,
            0 => 1,
            { } most => Math.Round(used / (double)most, 4),
        };
        return new(quota, limit, used, share, share >= Near, resetsAt);
    }

    private static async Task<TenantQuotaSettings> SettingsAsync(MefapexDb db, Guid tenantId, CancellationToken cancellationToken) =>
        (await db.TenantQuotas.AsNoTracking().SingleOrDefaultAsync(q => q.TenantId == tenantId, cancellationToken))?.ToWire()
        ?? new TenantQuotaSettings();

    private static IEnumerable<(string Quota, long? Limit)> Limits(TenantQuotaSettings settings) =>
    [
        (QuotaNames.QuestionsPerDay, settings.QuestionsPerDay),
        (QuotaNames.Documents, settings.Documents),
        (QuotaNames.StorageBytes, settings.StorageBytes),
        (QuotaNames.TokensPerDay, settings.TokensPerDay),
    ];

    private static JsonObject Facts(TenantQuotaSettings settings)
    {
        var facts = new JsonObject();
        foreach (var (quota, limit) in Limits(settings))
            facts[quota] = limit;
        facts["time_zone"] = settings.TimeZone;
        return facts;
    }
}
