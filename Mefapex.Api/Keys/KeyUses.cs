using System.Collections.Concurrent;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Keys;

/// <summary>Writes down when keys were used last, once a minute for all of them and at the end.</summary>
internal sealed class KeyUses(
    IDbContextFactory<MefapexDb> databases, DatabaseState database, TimeProvider time, Recurrence recurrence) : BackgroundService
{
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _used = new();

    public void Note(Guid key) => _used[key] = time.GetUtcNow();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await recurrence.EveryAsync(TimeSpan.FromMinutes(1), nameof(KeyUses), WriteAsync, stoppingToken);
        }
        finally
        {
            if (database.IsReady)
                await recurrence.TryAsync(nameof(KeyUses), WriteAsync, CancellationToken.None);
        }
    }

    /// <summary>Writes what was noted since the last time.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var noted = _used.ToArray();
        if (noted.Length == 0)
            return;
        Guid[] keys = [.. noted.Select(n => n.Key)];
        DateTimeOffset[] times = [.. noted.Select(n => n.Value)];
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            update api_keys set last_used_at = used.at from unnest({keys}, {times}) as used (id, at)
            where api_keys.id = used.id and (last_used_at is null or last_used_at < used.at)
            """,
            cancellationToken);
        foreach (var use in noted)
            _used.TryRemove(use);
    }
}
