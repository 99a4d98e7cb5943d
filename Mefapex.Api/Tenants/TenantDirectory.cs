using System.Collections.Concurrent;
using System.Collections.Frozen;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Tenants;

/// <summary>
/// Tenants by slug and by host name. What was found is kept for <see cref="Freshness"/>, so a change reaches other replicas
/// that much later at most; a slug that was not found is asked for again.
/// </summary>
internal sealed class TenantDirectory(IDbContextFactory<MefapexDb> databases, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, (TenantScope Scope, long Since)> _found = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _loading = new(1, 1);
    private HostNames? _hosts;

    public async Task<TenantScope?> FindAsync(string slug, CancellationToken cancellationToken)
    {
        if (_found.TryGetValue(slug, out var known) && IsFresh(known.Since))
            return known.Scope;

        var asked = time.GetTimestamp();
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var scope = await db.Tenants
            .Where(t => t.Slug == slug)
            .Select(t => new TenantScope(t.Id, t.Slug, t.Name, t.Locale, t.SuspendedAt == null ? null : t.SuspensionReason ?? ""))
            .SingleOrDefaultAsync(cancellationToken);
        if (scope is not null)
            _found[slug] = (scope, asked);
        return scope;
    }

    /// <summary>The slug of the tenant that a host name leads to; null for the names of the service itself.</summary>
    public async ValueTask<string?> OfHostAsync(string host, CancellationToken cancellationToken)
    {
        var hosts = Volatile.Read(ref _hosts) is { } known && IsFresh(known.Since) ? known : await LoadHostsAsync(cancellationToken);
        return hosts.Slugs.GetValueOrDefault(host);
    }

    /// <summary>Has everything asked for again, after a change on this replica.</summary>
    public void Forget()
    {
        Volatile.Write(ref _hosts, null);
        _found.Clear();
    }

    public void Dispose() => _loading.Dispose();

    private bool IsFresh(long since) => time.GetElapsedTime(since) < Freshness;

    private async Task<HostNames> LoadHostsAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            if (Volatile.Read(ref _hosts) is { } known && IsFresh(known.Since))
                return known;
            var asked = time.GetTimestamp();
            using var all = DataScope.AllTenants();
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var slugs = await (from host in db.TenantHosts
                               join tenant in db.Tenants on host.TenantId equals tenant.Id
                               select new { host.Host, tenant.Slug })
                .ToDictionaryAsync(h => h.Host, h => h.Slug, StringComparer.OrdinalIgnoreCase, cancellationToken);
            var loaded = new HostNames(slugs.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase), asked);
            Volatile.Write(ref _hosts, loaded);
            return loaded;
        }
        finally
        {
            _loading.Release();
        }
    }

    private sealed record HostNames(FrozenDictionary<string, string> Slugs, long Since);
}
