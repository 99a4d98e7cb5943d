using System.Globalization;
using System.Runtime.CompilerServices;
using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Audit;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Audit;

internal static class AuditEndpoints
{
    private const int MaxPage = 200;
    private const int ExportBatch = 500;

    public static void MapAuditEndpoints(this IEndpointRouteBuilder endpoints)
    {
        var audit = endpoints.MapGroup("/api/v1/admin/audit").WithTags("Audit").Requires(Policies.Audit).NeedsDatabase();
        audit.MapGet("", ListAsync);
        audit.MapGet("/export", ExportAsync);
        audit.MapGet("/verify", VerifyAsync);
    }

    private static async Task<Results<Ok<Page<AuditItem>>, ProblemHttpResult>> ListAsync(
        [AsParameters] AuditFilter filter,
        RequestTenant tenant,
        MefapexDb db,
        HttpContext http,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 50)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        var before = long.MaxValue;
        if (cursor is not null && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            return Problems.CursorInvalid();
        var (tenantId, problem) = await tenant.ResolveOrAllAsync(http);
        if (problem is not null)
            return problem;

        return TypedResults.Ok(await filter.Of(db, tenantId).Where(l => l.Event.Number < before)
            .ToPageAsync(limit, l => l.Event.Number, l => l.ToWire(), cancellationToken));
    }

    private static async Task<Results<PushStreamHttpResult, ProblemHttpResult>> ExportAsync(
        [AsParameters] AuditFilter filter,
        RequestTenant tenant,
        MefapexDb db,
        IAuditLog audit,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var (tenantId, problem) = await tenant.ResolveOrAllAsync(http);
        if (problem is not null)
            return problem;
        var name = tenantId is null ? "platform" : tenant.Scope.Slug;
        await audit.RecordAsync(new(AuditVerbs.AuditExported, tenantId, new("audit", name)), cancellationToken);
        return TypedResults.Stream(
            stream => AuditCsv.WriteAsync(stream, LinesAsync(filter, db, tenantId, cancellationToken), cancellationToken),
            "text/csv; charset=utf-8",
            $"{name}-audit.csv");
    }

    /// <summary>All lines, a batch at a time, so that an export needs no more memory for more of them.</summary>
    private static async IAsyncEnumerable<AuditLine> LinesAsync(
        AuditFilter filter,
        MefapexDb db,
        Guid? tenantId,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var before = long.MaxValue; ;)
        {
            var last = before;
            var batch = await filter.Of(db, tenantId).Where(l => l.Event.Number < last).Take(ExportBatch).ToListAsync(cancellationToken);
            foreach (var line in batch)
                yield return line;
            if (batch.Count < ExportBatch)
                yield break;
            before = batch[^1].Event.Number;
        }
    }

    private static async Task<Results<Ok<AuditVerification>, ProblemHttpResult>> VerifyAsync(
        RequestTenant tenant,
        AuditChain chain,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var (tenantId, problem) = await tenant.ResolveOrAllAsync(http);
        return problem is null ? TypedResults.Ok(await chain.VerifyAsync(tenantId, cancellationToken)) : problem;
    }
}
