using Mefapex.Api.Data;
using Mefapex.Api.Files;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ingestion;

/// <summary>Removes files that no version has: left by a process that ended between storing a file and noting it.</summary>
internal sealed partial class OrphanSweep(
    IDbContextFactory<MefapexDb> contexts,
    FileStore files,
    IOptions<IngestionOptions> options,
    TimeProvider time,
    Recurrence recurrence,
    ILogger<OrphanSweep> logger) : BackgroundService
{
    private const int Batch = 1000;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        recurrence.EveryAsync(options.Value.OrphanAge, nameof(OrphanSweep), SweepAsync, stoppingToken);

    /// <returns>How many were removed.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var removed = 0;
        using var all = DataScope.AllTenants();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var keys in files.KeysBefore(time.GetUtcNow() - options.Value.OrphanAge).Chunk(Batch))
        {
            var owned = await db.DocumentVersions.Where(v => keys.Contains(v.StorageKey)).Select(v => v.StorageKey)
                .ToHashSetAsync(StringComparer.Ordinal, cancellationToken);
            foreach (var key in keys.Where(key => !owned.Contains(key)))
            {
                files.Delete(key);
                removed++;
            }
        }

        if (removed > 0)
            LogRemoved(removed);
        return removed;
    }

    [LoggerMessage(LogLevel.Information, "{Count} stored files that no document has were removed")]
    private partial void LogRemoved(int count);
}
