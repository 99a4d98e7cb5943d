using System.Data;
using Mefapex.Api.Data;
using Mefapex.Contracts.Audit;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Audit;

/// <summary>Walks a chain and says whether every link holds.</summary>
internal sealed class AuditChain(IDbContextFactory<MefapexDb> databases)
{
    private const int Batch = 1000;

    /// <param name="tenantId">Null for the platform's chain.</param>
    public async Task<AuditVerification> VerifyAsync(Guid? tenantId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            // One snapshot: events that come meanwhile do not count, nor does what retention takes.
            await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            return await WalkAsync(db, tenantId, cancellationToken);
        });
    }

    private static async Task<AuditVerification> WalkAsync(MefapexDb db, Guid? tenantId, CancellationToken cancellationToken)
    {
        var chain = tenantId ?? Guid.Empty;
        var head = await db.Set<AuditHead>().AsNoTracking().SingleOrDefaultAsync(h => h.Chain == chain, cancellationToken);
        var events = db.AuditEvents.AsNoTracking().Where(e => e.TenantId == tenantId);
        if (head is null)
        {
            return await events.AnyAsync(cancellationToken)
                ? new AuditVerification(0, new(1, AuditBreaks.Head))
                : new AuditVerification(0, null);
        }

        var (verified, next, previous) = (0L, head.KeptFrom, head.KeptHash);
        while (true)
        {
            // From the start of what is there, so that events before the beginning of the chain are found as well.
            var start = verified == 0 ? long.MinValue : next;
            var batch = await (
                from e in events
                where e.Number >= start
                join o in db.AuditOrigins.AsNoTracking() on e.Id equals o.EventId into origins
                from o in origins.DefaultIfEmpty()
                orderby e.Number
                select new { Event = e, Origin = o })
                .Take(Batch)
                .ToListAsync(cancellationToken);
            foreach (var link in batch)
            {
                if (Break(link.Event, link.Origin, next, previous) is { } reason)
                    return new(verified, new(reason == AuditBreaks.Missing ? next : link.Event.Number, reason));
                (verified, next, previous) = (verified + 1, next + 1, link.Event.Hash);
            }

            if (batch.Count < Batch)
                break;
        }

        if (next - 1 < head.Number)
            return new(verified, new(next, AuditBreaks.Missing));
        return next - 1 == head.Number && previous.AsSpan().SequenceEqual(head.Hash)
            ? new(verified, null)
            : new(verified, new(head.Number, AuditBreaks.Head));
    }

    private static string? Break(AuditRow row, AuditOrigin? origin, long number, byte[] previous)
    {
        if (row.Number > number)
            return AuditBreaks.Missing;
        if (row.Number < number || !row.PreviousHash.AsSpan().SequenceEqual(previous))
            return AuditBreaks.Previous;
        if (!row.ComputeHash().AsSpan().SequenceEqual(row.Hash))
            return AuditBreaks.Content;
        return origin is not null && (row.OriginHash is null || !origin.ComputeHash().AsSpan().SequenceEqual(row.OriginHash))
            ? AuditBreaks.Origin
            : null;
    }
}
