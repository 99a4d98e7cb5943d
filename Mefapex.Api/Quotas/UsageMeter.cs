using System.Collections.Concurrent;
using Mefapex.Api.Ai;
using Mefapex.Api.Data;
using Mefapex.Contracts.Quotas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Quotas;

/// <summary>
/// Counts questions and tokens in memory and exchanges the counts with PostgreSQL every <see cref="QuotaOptions.Exchange"/>.
/// Until then replicas do not know of each other's: together they may let through as many questions too many as the others
/// answered meanwhile; with Redis, none. Tokens are counted after they were used, so a quota of tokens is overrun by the
/// questions under way. A process that is killed forgets what it counted since the last exchange.
/// </summary>
internal sealed class UsageMeter(
    IDbContextFactory<MefapexDb> databases,
    DatabaseState database,
    QuotaBook book,
    SharedCounts shared,
    TokenCounts tokens,
    IOptions<QuotaOptions> options,
    TimeProvider time,
    Recurrence recurrence) : BackgroundService
{
    /// <summary>So long after its last question a tenant's counts are read with every exchange.</summary>
    private static readonly TimeSpan Attention = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(Guid TenantId, DateOnly Day), DayCount> _days = new();
    private readonly SemaphoreSlim _exchanging = new(1);

    /// <summary>Takes a place for a question in the tenant's quota.</summary>
    /// <returns>The place, to be closed when the question was answered or not; or what is used up.</returns>
    public async ValueTask<(QuestionPlace? Place, QuotaExcess? Excess)> OpenAsync(Guid tenantId, CancellationToken cancellationToken)
    {
        var quota = await book.OfAsync(tenantId, cancellationToken);
        var day = quota.DayOf(time.GetUtcNow());
        var count = CountOf(tenantId, day);
        if (!count.IsKnown && (quota.QuestionsPerDay ?? quota.TokensPerDay) is not null)
            await LearnAsync(count, tenantId, day, cancellationToken);

        if (quota.TokensPerDay is { } most && count.Tokens + tokens.Of(tenantId) is var spent && spent >= most)
            return (null, new(QuotaNames.TokensPerDay, most, spent, quota.EndOf(day)));
        var limit = quota.QuestionsPerDay ?? long.MaxValue;
        if (!count.TryOpen(limit, time.GetTimestamp(), out var used, out var answered))
            return (null, new(QuotaNames.QuestionsPerDay, limit, used, quota.EndOf(day)));
        if (quota.QuestionsPerDay is null)
            return (new(count, giveBack: null), null);

        // Those under way may reach Redis in any order, and be refused there.
        switch (await shared.TryOpenAsync(tenantId, day, answered, limit, cancellationToken))
        {
            case { IsOpen: false } elsewhere:
                count.Close(isAnswered: false);
                return (null, new(QuotaNames.QuestionsPerDay, limit, elsewhere.Used, quota.EndOf(day)));
            case null:
                return (new(count, giveBack: null), null);
            default:
                return (new(count, giveBack: () => shared.ReturnAsync(tenantId, day)), null);
        }
    }

    /// <summary>What a tenant used: as PostgreSQL says, and what this process counted since.</summary>
    public async Task<(long Questions, long Tokens)> UsedAsync(Guid tenantId, DateOnly day, CancellationToken cancellationToken)
    {
        var count = CountOf(tenantId, day);
        await LearnAsync(count, tenantId, day, cancellationToken);
        return (count.Questions, count.Tokens + tokens.Of(tenantId));
    }

    /// <summary>Writes what was counted, and learns what all replicas counted together.</summary>
    public async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        await _exchanging.WaitAsync(cancellationToken);
        try
        {
            using var all = DataScope.AllTenants();
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            await book.ReadAsync(cancellationToken);
            foreach (var (tenantId, used) in tokens.Take())
            {
                var quota = await book.OfAsync(tenantId, cancellationToken);
                CountOf(tenantId, quota.DayOf(time.GetUtcNow())).Add(used);
            }

            await WriteAsync(db, cancellationToken);
        }
        finally
        {
            _exchanging.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await recurrence.EveryAsync(options.Value.Exchange, nameof(UsageMeter), ExchangeAsync, stoppingToken);
        }
        finally
        {
            if (database.IsReady)
                await recurrence.TryAsync(nameof(UsageMeter), ExchangeAsync, CancellationToken.None);
        }
    }

    private async Task WriteAsync(MefapexDb db, CancellationToken cancellationToken)
    {
        var written = new Dictionary<(Guid, DateOnly), (DayCount Count, long Questions, long Tokens)>();
        foreach (var (key, count) in _days)
        {
            var (questions, used) = count.Pending();
            if (questions > 0 || used > 0 || time.GetElapsedTime(count.LastAsked) < Attention)
                written[key] = (count, questions, used);
            else if (count.IsIdle())
                _days.TryRemove(KeyValuePair.Create(key, count));
        }

        if (written.Count == 0)
            return;
        Guid[] tenants = [.. written.Keys.Select(key => key.Item1)];
        DateOnly[] days = [.. written.Keys.Select(key => key.Item2)];
        long[] asked = [.. written.Values.Select(count => count.Questions)];
        long[] spent = [.. written.Values.Select(count => count.Tokens)];

        // In one order, so that replicas wait for each other instead of locking each other out.
        var totals = await db.Database.SqlQuery<Total>(
            $"""
            insert into daily_usage as known (tenant_id, day, questions, tokens)
            select used.* from unnest({tenants}, {days}, {asked}, {spent}) as used (tenant_id, day, questions, tokens)
            where exists (select from tenants where id = used.tenant_id)
            order by used.tenant_id, used.day
            on conflict (tenant_id, day) do update
                set questions = known.questions + excluded.questions, tokens = known.tokens + excluded.tokens
            returning tenant_id as "TenantId", day as "Day", questions as "Questions", tokens as "Tokens"
            """).ToListAsync(cancellationToken);
        foreach (var total in totals)
        {
            var (count, questions, used) = written[(total.TenantId, total.Day)];
            count.Stored(total.Questions, total.Tokens, questions, used);
            written.Remove((total.TenantId, total.Day));
        }

        // What is left belongs to tenants that are gone.
        foreach (var key in written.Keys)
            _days.TryRemove(key, out _);
    }

    private DayCount CountOf(Guid tenantId, DateOnly day) => _days.GetOrAdd((tenantId, day), static _ => new());

    /// <summary>Asks PostgreSQL what was used before, or elsewhere; not while counts are on their way there.</summary>
    private async Task LearnAsync(DayCount count, Guid tenantId, DateOnly day, CancellationToken cancellationToken)
    {
        await _exchanging.WaitAsync(cancellationToken);
        try
        {
            using var rows = DataScope.Of(tenantId);
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var stored = await db.DailyUsage.AsNoTracking()
                .SingleOrDefaultAsync(u => u.TenantId == tenantId && u.Day == day, cancellationToken);
            count.Stored(stored?.Questions ?? 0, stored?.Tokens ?? 0);
        }
        catch (Exception e) when (DatabaseFault.IsOutage(e))
        {
            count.GoOn();
        }
        finally
        {
            _exchanging.Release();
        }
    }

    private sealed record Total(Guid TenantId, DateOnly Day, long Questions, long Tokens);
}

/// <summary>A question's place in a quota.</summary>
internal sealed class QuestionPlace(DayCount count, Func<Task>? giveBack)
{
    /// <param name="isAnswered">Questions that were cancelled or failed do not count.</param>
    public Task CloseAsync(bool isAnswered)
    {
        count.Close(isAnswered);
        return isAnswered || giveBack is null ? Task.CompletedTask : giveBack();
    }
}
