using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts;

/// <summary>
/// Removes sessions, refresh tokens and unconfirmed second factors that are over for good; what tenants may choose a time for is
/// the retention job's.
/// </summary>
internal sealed class SessionSweep(
    IDbContextFactory<MefapexDb> databases,
    IOptions<AccountOptions> options,
    TimeProvider time,
    Recurrence recurrence) : BackgroundService
{
    /// <summary>Rows that go in one statement, so that others never wait long for its locks.</summary>
    private const int Batch = 1000;

    /// <summary>How long it can be looked up that a session is over; its access tokens end sooner.</summary>
    private static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        recurrence.EveryAsync(TimeSpan.FromHours(1), nameof(SessionSweep), SweepAsync, stoppingToken);

    /// <returns>How many rows went.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = time.GetUtcNow();
        var over = now - KeptAfterEnd;

        // A used token of a session that goes on gives a thief away; one past its own time gives nothing away.
        var outlived = now - options.Value.RefreshLifetime;
        return await RemoveAsync(db.Sessions.Where(s => s.ExpiresAt < over || s.EndedAt < over), cancellationToken)
            + await RemoveAsync(db.RefreshTokens.Where(t => t.UsedAt < outlived && t.CreatedAt < outlived), cancellationToken)
            + await RemoveAsync(db.SecondFactors.Where(f => f.ConfirmedAt == null && f.CreatedAt < over), cancellationToken);
    }

    private static async Task<int> RemoveAsync<T>(IQueryable<T> rows, CancellationToken cancellationToken)
        where T : class
    {
        var removed = 0;
        int batch;
        do
        {
            batch = await rows.Take(Batch).ExecuteDeleteAsync(cancellationToken);
            removed += batch;
        }
        while (batch == Batch);
        return removed;
    }
}
