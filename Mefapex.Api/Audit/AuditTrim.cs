using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Audit;

/// <summary>Takes the oldest events off a chain, which then says that it begins later, so that it still verifies.</summary>
internal sealed partial class AuditTrim(IDbContextFactory<MefapexDb> databases, ILogger<AuditTrim> logger)
{
    /// <param name="tenantId">Null for the platform's chain.</param>
    /// <param name="before">At least 30 days ago: the database keeps younger events.</param>
    /// <returns>How many went, at most <paramref name="batch"/>.</returns>
    public async Task<int> TrimAsync(Guid? tenantId, DateTimeOffset before, int batch, CancellationToken cancellationToken)
    {
        using var rows = tenantId is { } id ? DataScope.Of(id) : DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.InTransactionAsync(() => TrimAsync(db, tenantId, before, batch, cancellationToken), cancellationToken);
    }

    private async Task<int> TrimAsync(MefapexDb db, Guid? tenantId, DateTimeOffset before, int batch, CancellationToken cancellationToken)
    {
        var chain = tenantId ?? Guid.Empty;
        var head = await db.Set<AuditHead>().FromSql($"select * from audit_heads where chain = {chain} for update")
            .SingleOrDefaultAsync(cancellationToken);
        if (head is null)
            return 0;
        var oldest = await db.AuditEvents.AsNoTracking()
            .Where(e => e.TenantId == tenantId && e.Number >= head.KeptFrom && e.At < before)
            .OrderBy(e => e.Number)
            .Take(batch)
            .ToListAsync(cancellationToken);
        var (next, previous) = (head.KeptFrom, head.KeptHash);
        foreach (var row in oldest)
        {
            // What was tampered with stays, for whoever verifies the chain.
            if (row.Number != next
                || !row.PreviousHash.AsSpan().SequenceEqual(previous)
                || !row.ComputeHash().AsSpan().SequenceEqual(row.Hash))
            {
                LogBroken(chain, next);
                break;
            }

            (next, previous) = (next + 1, row.Hash);
        }

        if (next == head.KeptFrom)
            return 0;
        (head.KeptFrom, head.KeptHash) = (next, previous);
        await db.SaveChangesAsync(cancellationToken);
        return await db.AuditEvents.Where(e => e.TenantId == tenantId && e.Number < next).ExecuteDeleteAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Error, "The audit chain {Chain} is broken at event {Number}; its old events stay")]
    private partial void LogBroken(Guid chain, long number);
}
