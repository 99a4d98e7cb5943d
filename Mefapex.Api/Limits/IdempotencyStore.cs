using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Limits;

/// <summary>Claims requests by their key and keeps their answers for a day, in PostgreSQL so that all replicas know them. A key is
/// looked for before the request's tenant is.</summary>
internal sealed class IdempotencyStore(IDbContextFactory<MefapexDb> databases, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>Claims at once; more wait here rather than for a connection, which others need too.</summary>
    private const int Claims = 16;

    /// <summary>Longer than any creation takes.</summary>
    private static readonly TimeSpan LongestWork = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim _claiming = new(Claims);

    /// <returns>Null when the caller now has the claim; else the request that came first.</returns>
    public async Task<IdempotentRequest?> ClaimAsync(
        IdempotentRequestKey key, byte[] fingerprint, Guid claim, CancellationToken cancellationToken)
    {
        await _claiming.WaitAsync(cancellationToken);
        try
        {
            return await ClaimNowAsync(key, fingerprint, claim, cancellationToken);
        }
        finally
        {
            _claiming.Release();
        }
    }

    private async Task<IdempotentRequest?> ClaimNowAsync(
        IdempotentRequestKey key, byte[] fingerprint, Guid claim, CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        while (true)
        {
            var now = time.GetUtcNow();
            var claimed = await db.Database.ExecuteSqlAsync(
                $"""
                insert into idempotent_requests as r
                    (user_id, path, key, tenant_id, fingerprint, claim, claimed_until, expires_at)
                values (
                    {key.UserId}, {key.Path}, {key.Key}, (select tenant_id from users where id = {key.UserId}),
                    {fingerprint}, {claim}, {now + LongestWork}, {now + Kept})
                on conflict (user_id, path, key) do update set
                    fingerprint = excluded.fingerprint, claim = excluded.claim, claimed_until = excluded.claimed_until,
                    expires_at = excluded.expires_at, status = null, content_type = null, location = null, etag = null, body = null
                where r.expires_at <= {now}
                    or (r.status is null and r.claimed_until <= {now} and r.fingerprint = excluded.fingerprint)
                """,
                cancellationToken);
            if (claimed > 0)
                return null;
            if (await Of(db, key).AsNoTracking().SingleOrDefaultAsync(cancellationToken) is { } first)
                return first;
        }
    }

    public async Task CompleteAsync(
        IdempotentRequestKey key, Guid claim, HttpResponse response, byte[] body, CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var (status, contentType) = (response.StatusCode, response.ContentType);
        var (location, etag) = (TextOf(response.Headers.Location), TextOf(response.Headers.ETag));
        await Of(db, key).Where(r => r.Claim == claim).ExecuteUpdateAsync(
            set => set
                .SetProperty(r => r.Status, status)
                .SetProperty(r => r.ContentType, contentType)
                .SetProperty(r => r.Location, location)
                .SetProperty(r => r.Etag, etag)
                .SetProperty(r => r.Body, body),
            cancellationToken);
    }

    /// <summary>Gives the claim back, as nothing was done.</summary>
    public async Task ReleaseAsync(IdempotentRequestKey key, Guid claim, CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await Of(db, key).Where(r => r.Claim == claim).ExecuteDeleteAsync(cancellationToken);
    }

    /// <returns>How many were too old.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = time.GetUtcNow();
        return await db.IdempotentRequests.Where(r => r.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
    }

    public void Dispose() => _claiming.Dispose();

    private static IQueryable<IdempotentRequest> Of(MefapexDb db, IdempotentRequestKey key) =>
        db.IdempotentRequests.Where(r => r.UserId == key.UserId && r.Path == key.Path && r.Key == key.Key);

    private static string? TextOf(Microsoft.Extensions.Primitives.StringValues value) => value.Count == 0 ? null : value.ToString();
}

/// <summary>A key belongs to one person and one path.</summary>
internal sealed record IdempotentRequestKey(Guid UserId, string Path, string Key);
