using System.Collections.Frozen;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Quotas;

/// <summary>The limits of all tenants in memory, read again with every exchange of counts.</summary>
internal sealed class QuotaBook(IDbContextFactory<MefapexDb> databases, IOptions<QuotaOptions> options) : IDisposable
{
    private readonly SemaphoreSlim _reading = new(1);
    private readonly EffectiveQuota _usual = Effective(own: null, options.Value);
    private volatile FrozenDictionary<Guid, EffectiveQuota>? _own;

    public async ValueTask<EffectiveQuota> OfAsync(Guid tenantId, CancellationToken cancellationToken)
    {
        var own = _own;
        if (own is null)
        {
            await _reading.WaitAsync(cancellationToken);
            try
            {
                own = _own ?? await ReadAsync(cancellationToken);
            }
            finally
            {
                _reading.Release();
            }
        }

        return own.GetValueOrDefault(tenantId, _usual);
    }

    public async Task<FrozenDictionary<Guid, EffectiveQuota>> ReadAsync(CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await db.TenantQuotas.AsNoTracking().ToListAsync(cancellationToken);
        return _own = rows.ToFrozenDictionary(q => q.TenantId, q => Effective(q, options.Value));
    }

    public void Dispose() => _reading.Dispose();

    private static EffectiveQuota Effective(TenantQuota? own, QuotaOptions usual) => new(
        own?.QuestionsPerDay ?? usual.QuestionsPerDay,
        own?.Documents ?? usual.Documents,
        own?.StorageBytes ?? usual.StorageBytes,
        own?.TokensPerDay ?? usual.TokensPerDay,
        own?.TimeZone is { } zone && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found : TimeZoneInfo.Utc);
}

/// <summary>What a tenant may use; null for no limit.</summary>
internal sealed record EffectiveQuota(long? QuestionsPerDay, long? Documents, long? StorageBytes, long? TokensPerDay, TimeZoneInfo Zone)
{
    public DateOnly DayOf(DateTimeOffset now) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, Zone).DateTime);

    /// <summary>When the day after begins.</summary>
    public DateTimeOffset EndOf(DateOnly day)
    {
        var midnight = day.AddDays(1).ToDateTime(TimeOnly.MinValue);
        // Where clocks go forward at midnight, the day begins later.
        while (Zone.IsInvalidTime(midnight))
            midnight = midnight.AddMinutes(15);
        return new(midnight, Zone.GetUtcOffset(midnight));
    }
}

/// <summary>A quota that is used up.</summary>
/// <param name="Quota">One of the names of the contract.</param>
/// <param name="ResetsAt">In the tenant's time zone; null for what stays.</param>
internal sealed record QuotaExcess(string Quota, long Limit, long Used, DateTimeOffset? ResetsAt = null);

/// <summary>Something would take a tenant over a quota.</summary>
internal sealed class QuotaExceededException(QuotaExcess excess) : Exception($"{excess.Quota}: {excess.Used} of {excess.Limit} are used")
{
    public QuotaExcess Excess => excess;
}
