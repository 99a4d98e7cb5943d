using System.Collections.Concurrent;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Tenants;

/// <summary>Tenants by slug. What was found is kept for a minute, what was not is asked for again.</summary>
internal sealed class TenantDirectory(IDbContextFactory<MefapexDb> databases, TimeProvider time)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, (TenantScope Scope, long Since)> _found = new(StringComparer.Ordinal);

    public async Task<TenantScope?> FindAsync(string slug, CancellationToken cancellationToken)
    {
        if (_found.TryGetValue(slug, out var known) && time.GetElapsedTime(known.Since) < Freshness)
            return known.Scope;

        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var scope = await db.Tenants
            .Where(t => t.Slug == slug)
            .Select(t => new TenantScope(t.Id, t.Slug, t.Name, t.Locale))
            .SingleOrDefaultAsync(cancellationToken);
        if (scope is not null)
            _found[slug] = (scope, time.GetTimestamp());
        return scope;
    }
}
