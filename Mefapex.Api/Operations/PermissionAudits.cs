using System.Globalization;
using Mefapex.Api.Accounts;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Operations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.Api.Operations;

/// <summary>What an attack on the permissions of this installation found.</summary>
internal sealed class PermissionAudit
{
    public required Guid Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>How many operations there were.</summary>
    public required int Operations { get; init; }

    /// <summary>How many of them were walked.</summary>
    public required int Walked { get; init; }

    public required int Requests { get; init; }

    /// <summary>Answers that should not have been.</summary>
    public required int Findings { get; init; }
}

internal sealed class PermissionAuditConfiguration : IEntityTypeConfiguration<PermissionAudit>
{
    public void Configure(EntityTypeBuilder<PermissionAudit> audit)
    {
        audit.ToTable("permission_audits");
        audit.Property(a => a.Id).ValueGeneratedNever();
        audit.HasIndex(a => a.At);
    }
}

/// <summary>Keeps what <c>./mefapex audit-permissions</c> found, and shows the last of it in health.</summary>
internal static class PermissionAudits
{
    /// <summary>The check decides nothing about readiness: it advises an operator.</summary>
    public static WebApplicationBuilder AddPermissionAudits(this WebApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddCheck<PermissionAuditHealth>(PermissionAuditHealth.Name);
        return builder;
    }

    public static void MapPermissionAudits(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/api/v1/admin/permission-audits", KeepAsync)
            .WithTags("Operations").Requires(Policies.PermissionAudits).NeedsDatabase().AcrossTenants();

    private static async Task<Results<NoContent, ProblemHttpResult>> KeepAsync(
        PermissionAuditResult result,
        MefapexDb db,
        IAuditLog log,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (result.Operations < 1 || result.Walked < 0 || result.Walked > result.Operations || result.Requests < 0 || result.Findings < 0)
            return OperationsProblems.AuditFigures();
        var now = time.GetUtcNow();
        var audit = new PermissionAudit
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            Operations = result.Operations,
            Walked = result.Walked,
            Requests = result.Requests,
            Findings = result.Findings,
        };
        await db.InTransactionAsync(
            async () =>
            {
                db.PermissionAudits.Add(audit);
                await db.SaveChangesAsync(cancellationToken);
                await log.RecordAsync(
                    new(AuditVerbs.PermissionsAudited, TenantId: null, new("permission-audit", audit.Id.ToString()))
                    {
                        After = new() { ["operations"] = audit.Operations, ["walked"] = audit.Walked, ["findings"] = audit.Findings },
                    },
                    cancellationToken);
                return true;
            },
            cancellationToken);
        return TypedResults.NoContent();
    }
}

/// <summary>Check <c>permission-audit</c>: the last attack on the permissions; degraded when it found something or never was.</summary>
internal sealed class PermissionAuditHealth(IDbContextFactory<MefapexDb> databases) : IHealthCheck
{
    public const string Name = "permission-audit";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var last = await db.PermissionAudits.AsNoTracking().OrderByDescending(a => a.At).FirstOrDefaultAsync(cancellationToken);
        if (last is null)
            return HealthCheckResult.Degraded("never run: ./mefapex audit-permissions");
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["at"] = last.At,
            ["operations"] = last.Operations,
            ["walked"] = last.Walked,
            ["findings"] = last.Findings,
        };
        var said = string.Create(
            CultureInfo.InvariantCulture, $"{last.Walked} of {last.Operations} operations on {last.At:yyyy-MM-dd}, {last.Findings} findings");
        return last.Findings == 0 && last.Walked == last.Operations
            ? HealthCheckResult.Healthy(said, data)
            : HealthCheckResult.Degraded(said, data: data);
    }
}
