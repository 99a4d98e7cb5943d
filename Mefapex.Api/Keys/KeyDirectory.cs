using System.Net;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Keys;

/// <summary>
/// Keys by their hash. What the database said, also that there is no such key, is believed for <see cref="Freshness"/>, so a
/// key that was revoked is refused that much later at most, and at once by replicas that hear of it (<see cref="KeyNews"/>). While the
/// database is away a key stays what it last was for <see cref="Remembered"/>: monitors look just then.
/// </summary>
internal sealed class KeyDirectory(IDbContextFactory<MefapexDb> databases, DatabaseState database, TimeProvider time) : IDisposable
{
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(15);

    // Apart, so that keys that somebody makes up push no real ones out.
    private readonly MemoryCache _known = Cache();
    private readonly MemoryCache _unknown = Cache();

    /// <returns>Null where there is no such key.</returns>
    /// <exception cref="KeyRefusedException">It is not known here and the database cannot be asked.</exception>
    public async ValueTask<KnownKey?> FindAsync(byte[] hash, CancellationToken cancellationToken)
    {
        var name = NameOf(hash);
        var verdict = _known.Get<Verdict>(name);
        if (verdict is not null && time.GetElapsedTime(verdict.Since) < Freshness)
            return verdict.Key;
        if (_unknown.Get<Verdict>(name) is { } missing && time.GetElapsedTime(missing.Since) < Freshness)
            return null;

        var asked = time.GetTimestamp();
        KnownKey? found;
        try
        {
            found = await ReadAsync(hash, cancellationToken);
        }
        catch (Exception e) when (DatabaseFault.IsOutage(e))
        {
            // Not asked again for a while, as each attempt may take long.
            if (verdict is not null)
                Keep(_known, name, new(verdict.Key, asked), Remembered - Freshness);
            return verdict?.Key ?? throw new KeyRefusedException(KeyRefusal.Unchecked);
        }

        Keep(found is null ? _unknown : _known, name, new(found, asked), Remembered);
        return found;
    }

    /// <summary>Whether the answer is at hand without asking the database.</summary>
    public bool Knows(byte[] hash) => _known.TryGetValue(NameOf(hash), out _);

    /// <summary>Has the next look-up ask the database.</summary>
    public void Forget(byte[] hash)
    {
        _known.Remove(NameOf(hash));
        _unknown.Remove(NameOf(hash));
    }

    public void Dispose()
    {
        _known.Dispose();
        _unknown.Dispose();
    }

    private static MemoryCache Cache() => new(Options.Create(new MemoryCacheOptions { SizeLimit = 10_000 }));

    private static string NameOf(byte[] hash) => Convert.ToBase64String(hash);

    private static void Keep(MemoryCache cache, string name, Verdict verdict, TimeSpan lifetime) => cache.Set(
        name, verdict, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = lifetime });

    private async Task<KnownKey?> ReadAsync(byte[] hash, CancellationToken cancellationToken)
    {
        if (!database.IsReady)
            throw new KeyRefusedException(KeyRefusal.Unchecked);
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.ApiKeys.AsNoTracking()
            .Where(k => k.Hash == hash)
            .Join(db.Tenants, k => k.TenantId, t => t.Id, (k, t) => new { Key = k, t.Slug, t.SuspendedAt })
            .SingleOrDefaultAsync(cancellationToken);
        return row is null
            ? null
            : new(
                row.Key.Id,
                row.Slug,
                row.Key.Name,
                row.Key.Scopes,
                [.. row.Key.Networks.Select(IPNetwork.Parse)],
                row.Key.ExpiresAt,
                row.Key.RevokedAt is not null,
                row.SuspendedAt is not null);
    }

    private sealed record Verdict(KnownKey? Key, long Since);
}

/// <summary>A key as requests are checked against it.</summary>
/// <param name="Tenant">The slug of its tenant.</param>
/// <param name="IsSuspended">Whether that tenant is.</param>
internal sealed record KnownKey(
    Guid Id,
    string Tenant,
    string Name,
    string[] Scopes,
    IPNetwork[] Networks,
    DateTimeOffset? ExpiresAt,
    bool IsRevoked,
    bool IsSuspended)
{
    public bool IsFrom(IPAddress? address)
    {
        if (Networks.Length == 0)
            return true;
        var plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return plain is not null && Networks.Any(network => network.Contains(plain));
    }
}
