using System.Collections.Concurrent;
using System.Collections.Frozen;
using Mefapex.Api.Data;
using Mefapex.Api.Shared;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Tenants;

/// <summary>
/// Tenants by slug and by host name. What was found is kept for <see cref="Freshness"/>, so a change on another replica holds
/// here that much later at most, and at once where the replicas hear each other; a slug that was not found is asked for again.
/// </summary>
internal sealed class TenantDirectory : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, (TenantScope Scope, long Since)> _found = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly IDbContextFactory<MefapexDb> _databases;
    private readonly IReplicaBus _bus;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IDisposable _subscription;
    private HostNames? _hosts;

    public TenantDirectory(IDbContextFactory<MefapexDb> databases, IReplicaBus bus, TimeProvider time, ILogger<TenantDirectory> logger)
    {
        (_databases, _bus, _time, _logger) = (databases, bus, time, logger);
        _subscription = bus.Subscribe(BusChannels.TenantsChanged, _ => Forget(), Forget);
    }

    public async Task<TenantScope?> FindAsync(string slug, CancellationToken cancellationToken)
    {
        if (_found.TryGetValue(slug, out var known) && IsFresh(known.Since))
            return known.Scope;

        var asked = _time.GetTimestamp();
        using var all = DataScope.AllTenants();
        await using var db = await _databases.CreateDbContextAsync(cancellationToken);
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

    /// <summary>Has everything asked for again, here and on the other replicas.</summary>
    public void Changed()
    {
        Forget();
        _bus.Tell(BusChannels.TenantsChanged, "all", _logger);
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _loading.Dispose();
    }

    private void Forget()
    {
        Volatile.Write(ref _hosts, null);
        _found.Clear();
    }

    private bool IsFresh(long since) => _time.GetElapsedTime(since) < Freshness;

    private async Task<HostNames> LoadHostsAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            if (Volatile.Read(ref _hosts) is { } known && IsFresh(known.Since))
                return known;
            var asked = _time.GetTimestamp();
            using var all = DataScope.AllTenants();
            await using var db = await _databases.CreateDbContextAsync(cancellationToken);
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
