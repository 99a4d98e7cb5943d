using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Limits;
using Mefapex.Api.Mail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Mefapex.Api.Privacy.Retention;

/// <summary>Removes what is too old, tenant by tenant and batch by batch, so that nobody waits long for a lock.</summary>
internal sealed class RetentionSweep(
    MefapexDb db,
    AuditTrim chains,
    IdempotencyStore idempotency,
    OutboxMailer outbox,
    IAuditLog audit,
    IOptions<RetentionOptions> options,
    RetentionMetrics metrics,
    TimeProvider time)
{
    /// <returns>How much went, of the kinds of which something did.</returns>
    public async Task<IReadOnlyDictionary<string, int>> RunAsync(CancellationToken cancellationToken)
    {
        var removed = new SortedDictionary<string, int>(StringComparer.Ordinal);
        using var all = DataScope.AllTenants();
        var settings = (await db.Retention.AsNoTracking().ToListAsync(cancellationToken)).ToLookup(s => s.TenantId);
        foreach (var tenantId in await db.Tenants.Select(t => t.Id).ToListAsync(cancellationToken))
        {
            using var rows = DataScope.Of(tenantId);
            var theirs = new JsonObject();
            foreach (var kind in RetentionKinds.All.Where(kind => kind.OfTenants))
            {
                var days = settings[tenantId].FirstOrDefault(s => s.Kind == kind.Name)?.Days ?? options.Value.DaysOf(kind);
                if (Count(kind, await RemoveAsync(kind, days, tenantId, cancellationToken)) is > 0 and var count)
                    theirs[kind.Name] = count;
            }

            // Of the log's own end the log says no more than where it begins, or each run would leave an event for the next.
            if (theirs.Any(kind => kind.Key != RetentionKinds.Audit.Name))
            {
                await audit.RecordAsync(
                    new(AuditVerbs.RetentionApplied, tenantId, new("tenant", tenantId.ToString()))
                    {
                        Actor = AuditActor.Service,
                        After = theirs,
                    },
                    cancellationToken);
            }
        }

        // The platform's own chain has no tenant.
        RetentionKind[] ofPlatform = [RetentionKinds.Addresses, RetentionKinds.Audit, .. RetentionKinds.All.Where(kind => !kind.OfTenants)];
        foreach (var kind in ofPlatform)
            Count(kind, await RemoveAsync(kind, options.Value.DaysOf(kind), tenantId: null, cancellationToken));
        return removed;

        int Count(RetentionKind kind, int count)
        {
            if (count == 0)
                return 0;
            removed[kind.Name] = removed.GetValueOrDefault(kind.Name) + count;
            metrics.Removed(kind, count);
            return count;
        }
    }

    private Task<int> RemoveAsync(RetentionKind kind, int days, Guid? tenantId, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow().AddDays(-days);
        if (kind == RetentionKinds.Audit)
            return InBatchesAsync(() => chains.TrimAsync(tenantId, before, options.Value.Batch, cancellationToken), cancellationToken);
        if (kind == RetentionKinds.Mails)
            return Task.FromResult(outbox.RemoveBefore(before));
        return kind == RetentionKinds.Idempotency
            ? idempotency.SweepAsync(cancellationToken)
            : StatementsAsync(kind, before, tenantId, cancellationToken);
    }

    private async Task<int> StatementsAsync(RetentionKind kind, DateTimeOffset before, Guid? tenantId, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var statement in kind.Statements)
        {
            removed += await InBatchesAsync(
                () => db.Database.ExecuteSqlRawAsync(
                    statement,
                    [
                        new NpgsqlParameter("tenant", NpgsqlDbType.Uuid) { Value = (object?)tenantId ?? DBNull.Value },
                        new NpgsqlParameter("before", before),
                        new NpgsqlParameter("batch", options.Value.Batch),
                    ],
                    cancellationToken),
                cancellationToken);
        }

        return removed;
    }

    private async Task<int> InBatchesAsync(Func<Task<int>> remove, CancellationToken cancellationToken)
    {
        var removed = 0;
        while (await remove() is > 0 and var count)
        {
            removed += count;
            if (count < options.Value.Batch)
                break;
            await Task.Delay(options.Value.Pause, time, cancellationToken);
        }

        return removed;
    }
}

internal sealed class RetentionMetrics
{
    private readonly Counter<long> _removed;

    public RetentionMetrics(IMeterFactory factory) => _removed = factory.Create("Mefapex.Retention")
        .CreateCounter<long>("mefapex.retention.removed", "{item}", "What was too old and went, by kind");

    public void Removed(RetentionKind kind, int count) => _removed.Add(count, new KeyValuePair<string, object?>("kind", kind.Name));
}
