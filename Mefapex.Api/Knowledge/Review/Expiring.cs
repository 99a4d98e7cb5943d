using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Tasks;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>Entries whose last day is near or past.</summary>
internal static class ExpiringEndpoints
{
    private const int MaxDays = 3650;

    public static void MapExpiring(this RouteGroupBuilder review) => review.MapGet("/entries/expiring", ListAsync);

    private static async Task<Results<Ok<Page<ExpiringEntry>>, ProblemHttpResult>> ListAsync(
        EditorScope editor,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken,
        int days = 30,
        string? cursor = null,
        int limit = 50)
    {
        if (days is < 0 or > MaxDays)
            return ReviewProblems.DaysOutOfRange(0, MaxDays);
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var until = today.AddDays(days);
        var rows = await db.KnowledgeEntries.AsNoTracking()
            .Where(e => e.TenantId == editor.Tenant.Id && e.PublishedVersion != null && e.ExpiresOn <= until)
            .OrderBy(e => e.ExpiresOn).ThenBy(e => e.Id)
            .Select(e => new
            {
                e.Id,
                e.Category,
                e.Owner,
                e.ExpiresOn,
                Title = e.Texts.OrderByDescending(t => t.Language).Select(t => t.Title).FirstOrDefault(),
            })
            .ToListAsync(cancellationToken);
        var (page, problem) = ReviewPages.Of(rows, cursor, limit, row => new ExpiringEntry(
            row.Id, row.Title ?? row.Id, row.Category, row.Owner, row.ExpiresOn!.Value, row.ExpiresOn.Value.DayNumber - today.DayNumber));
        return page is null ? problem! : TypedResults.Ok(page);
    }
}

/// <summary>Opens a task for the owner of each entry that ends soon, once for each last day.</summary>
internal sealed class ExpiryTasks(
    IServiceScopeFactory scopes,
    IOptions<ReviewOptions> options,
    TimeProvider time,
    Recurrence recurrence) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        recurrence.EveryAsync(options.Value.ExpiryInterval, nameof(ExpiryTasks), OpenAsync, stoppingToken);

    /// <returns>How many tasks were opened.</returns>
    public async Task<int> OpenAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MefapexDb>();
        var tasks = scope.ServiceProvider.GetRequiredService<KnowledgeTasks>();
        var until = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(options.Value.ExpiryNoticeDays);
        using var all = DataScope.AllTenants();
        var ending = await db.KnowledgeEntries.AsNoTracking()
            .Where(e => e.PublishedVersion != null && e.ExpiresOn <= until)
            .OrderBy(e => e.TenantId).ThenBy(e => e.Id)
            .Select(e => new { e.TenantId, e.Id, e.Owner, e.ExpiresOn, Title = e.Texts.OrderByDescending(t => t.Language).Select(t => t.Title).FirstOrDefault() })
            .ToListAsync(cancellationToken);
        var opened = 0;
        foreach (var entry in ending)
        {
            using var tenant = DataScope.Of(entry.TenantId);
            var topic = FormattableString.Invariant($"entry:{entry.Id}:{entry.ExpiresOn:yyyy-MM-dd}");
            if (await db.KnowledgeTasks.AnyAsync(t => t.TenantId == entry.TenantId && t.Kind == TaskKind.Expiry && t.Topic == topic, cancellationToken))
                continue;
            await tasks.OpenAsync(
                entry.TenantId,
                new NewTask(TaskKind.Expiry, topic, entry.Owner, FormattableString.Invariant($"{entry.Title ?? entry.Id} – {entry.ExpiresOn:yyyy-MM-dd}"), entry.Id),
                cancellationToken);
            opened++;
        }

        return opened;
    }
}
