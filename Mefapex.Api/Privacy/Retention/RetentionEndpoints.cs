using System.Text.Json.Nodes;
using Mefapex.Api.Accounts;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Privacy.Retention;

internal static class RetentionEndpoints
{
    public static void AddRetention(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<RetentionOptions>().BindConfiguration(RetentionOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<RetentionOptions>, RetentionOptions.Validator>();
        builder.Services.AddSingleton<RetentionMetrics>();
        builder.Services.AddScoped<RetentionSweep>();
        builder.Services.AddSingleton<RetentionJob>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RetentionJob>());
    }

    public static void MapRetention(this RouteGroupBuilder privacy)
    {
        var retention = privacy.MapGroup("/admin/retention").Requires(Policies.Privacy).ForTenant();
        retention.MapGet("", ListAsync);
        retention.MapPut("/{kind}", SetAsync);
        retention.MapDelete("/{kind}", ResetAsync);
    }

    private static async Task<Ok<RetentionList>> ListAsync(
        RequestTenant tenant,
        MefapexDb db,
        IOptions<RetentionOptions> options,
        CancellationToken cancellationToken)
    {
        var own = await db.Retention.AsNoTracking().Where(s => s.TenantId == tenant.Id)
            .ToDictionaryAsync(s => s.Kind, s => s.Days, cancellationToken);
        return TypedResults.Ok(new RetentionList(
            [.. RetentionKinds.All.Select(kind => ToWire(kind, options.Value, own.TryGetValue(kind.Name, out var days) ? days : null))]));
    }

    private static async Task<Results<Ok<RetentionPeriod>, ProblemHttpResult>> SetAsync(
        string kind,
        RetentionChange change,
        RequestTenant tenant,
        MefapexDb db,
        IAuditLog audit,
        IOptions<RetentionOptions> options,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (RetentionKinds.Find(kind) is not { } found)
            return PrivacyProblems.RetentionUnknown(RetentionKinds.All.Select(k => k.Name));
        if (!found.OfTenants)
            return PrivacyProblems.RetentionOperators();
        if (change.Days is not { } days || !found.Allows(days))
            return PrivacyProblems.RetentionDays(found.LeastDays, RetentionKind.MostDays);
        await ChangeAsync(db, audit, tenant.Id, found, days, options.Value, time.GetUtcNow(), cancellationToken);
        return TypedResults.Ok(ToWire(found, options.Value, days));
    }

    private static async Task<Results<Ok<RetentionPeriod>, ProblemHttpResult>> ResetAsync(
        string kind,
        RequestTenant tenant,
        MefapexDb db,
        IAuditLog audit,
        IOptions<RetentionOptions> options,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (RetentionKinds.Find(kind) is not { } found)
            return PrivacyProblems.RetentionUnknown(RetentionKinds.All.Select(k => k.Name));
        if (!found.OfTenants)
            return PrivacyProblems.RetentionOperators();
        await ChangeAsync(db, audit, tenant.Id, found, days: null, options.Value, time.GetUtcNow(), cancellationToken);
        return TypedResults.Ok(ToWire(found, options.Value, own: null));
    }

    /// <param name="days">Null for what the operator set.</param>
    private static Task<bool> ChangeAsync(
        MefapexDb db,
        IAuditLog audit,
        Guid tenantId,
        RetentionKind kind,
        int? days,
        RetentionOptions options,
        DateTimeOffset now,
        CancellationToken cancellationToken) =>
        db.InTransactionAsync(
            async () =>
            {
                // One change at a time: another may be making the same row.
                await db.Database.ExecuteSqlAsync($"select id from tenants where id = {tenantId} for no key update", cancellationToken);
                var setting = await db.Retention
                    .SingleOrDefaultAsync(s => s.TenantId == tenantId && s.Kind == kind.Name, cancellationToken);
                var before = setting?.Days;
                if (before == days)
                    return false;
                if (days is not { } wanted)
                    db.Retention.Remove(setting!);
                else if (setting is null)
                    db.Retention.Add(new() { TenantId = tenantId, Kind = kind.Name, Days = wanted, UpdatedAt = now });
                else
                    (setting.Days, setting.UpdatedAt) = (wanted, now);
                await db.SaveChangesAsync(cancellationToken);
                await audit.RecordAsync(
                    new(AuditVerbs.RetentionChanged, tenantId, new("retention", kind.Name))
                    {
                        Before = new JsonObject { ["days"] = before ?? options.DaysOf(kind) },
                        After = new JsonObject { ["days"] = days ?? options.DaysOf(kind) },
                    },
                    cancellationToken);
                return true;
            },
            cancellationToken);

    private static RetentionPeriod ToWire(RetentionKind kind, RetentionOptions options, int? own) => new(
        kind.Name, own ?? options.DaysOf(kind), options.DaysOf(kind), kind.LeastDays, RetentionKind.MostDays, kind.OfTenants);
}
