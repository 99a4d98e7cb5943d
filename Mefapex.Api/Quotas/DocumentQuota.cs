using Mefapex.Api.Data;
using Mefapex.Contracts.Quotas;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Quotas;

/// <summary>Documents and the bytes of their files, counted where they are kept.</summary>
internal sealed class DocumentQuota(IDbContextFactory<MefapexDb> databases, QuotaBook book)
{
    /// <summary>How many bytes a tenant may still store, asked before a file is taken in.</summary>
    /// <param name="documents">How many documents it would make.</param>
    /// <exception cref="QuotaExceededException">Nothing more may be stored.</exception>
    public async Task<StorageRoom> RoomAsync(Guid tenantId, int documents, CancellationToken cancellationToken)
    {
        var quota = await book.OfAsync(tenantId, cancellationToken);
        if (quota is { Documents: null, StorageBytes: null })
            return new(long.MaxValue, 0, long.MaxValue);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await CheckAsync(db, tenantId, quota, documents, bytes: 0, cancellationToken);
    }

    /// <summary>
    /// The last word, within the transaction that stores: those of a limited tenant go one after the other, so that no two
    /// take the same place.
    /// </summary>
    /// <exception cref="QuotaExceededException">There is no room.</exception>
    public async Task TakeAsync(MefapexDb db, Guid tenantId, int documents, long bytes, CancellationToken cancellationToken)
    {
        var quota = await book.OfAsync(tenantId, cancellationToken);
        if (quota is { Documents: null, StorageBytes: null })
            return;
        await db.Database.ExecuteSqlAsync(
            $"select pg_advisory_xact_lock(hashtextextended({"quota:" + tenantId}, 0))", cancellationToken);
        await CheckAsync(db, tenantId, quota, documents, bytes, cancellationToken);
    }

    public static Task<int> DocumentsAsync(MefapexDb db, Guid tenantId, CancellationToken cancellationToken) =>
        db.Documents.CountAsync(d => d.TenantId == tenantId, cancellationToken);

    public static Task<long> BytesAsync(MefapexDb db, Guid tenantId, CancellationToken cancellationToken) =>
        db.DocumentVersions.Where(v => v.TenantId == tenantId).SumAsync(v => v.Bytes, cancellationToken);

    private static async Task<StorageRoom> CheckAsync(
        MefapexDb db, Guid tenantId, EffectiveQuota quota, int documents, long bytes, CancellationToken cancellationToken)
    {
        if (quota.Documents is { } most && documents > 0
            && await DocumentsAsync(db, tenantId, cancellationToken) is var present && present + documents > most)
        {
            throw new QuotaExceededException(new(QuotaNames.Documents, most, present));
        }

        if (quota.StorageBytes is not { } limit)
            return new(long.MaxValue, 0, long.MaxValue);
        var used = await BytesAsync(db, tenantId, cancellationToken);
        return used + bytes > limit || used >= limit
            ? throw new QuotaExceededException(new(QuotaNames.StorageBytes, limit, used))
            : new(limit - used, used, limit);
    }
}

/// <summary>How many bytes a tenant may still store.</summary>
internal sealed record StorageRoom(long Left, long Used, long Limit)
{
    public QuotaExcess Excess => new(QuotaNames.StorageBytes, Limit, Used);
}
