using Mefapex.Api.Tenants;
using Mefapex.Contracts.Quotas;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Quotas;

/// <summary>A tenant's own limits; null for the default.</summary>
internal sealed class TenantQuota
{
    public required Guid TenantId { get; init; }

    public long? QuestionsPerDay { get; set; }

    public long? Documents { get; set; }

    public long? StorageBytes { get; set; }

    public long? TokensPerDay { get; set; }

    /// <summary>Name in the IANA database.</summary>
    public string? TimeZone { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public TenantQuotaSettings ToWire() => new(QuestionsPerDay, Documents, StorageBytes, TokensPerDay, TimeZone);
}

/// <summary>What a tenant used on one of its days, all replicas together.</summary>
internal sealed class DailyUsage
{
    public required Guid TenantId { get; init; }

    public required DateOnly Day { get; init; }

    public required long Questions { get; set; }

    public required long Tokens { get; set; }
}

internal sealed class QuotaConfiguration : IEntityTypeConfiguration<TenantQuota>, IEntityTypeConfiguration<DailyUsage>
{
    public void Configure(EntityTypeBuilder<TenantQuota> quota)
    {
        quota.ToTable("tenant_quotas");
        quota.HasKey(q => q.TenantId);
        quota.HasOne<Tenant>().WithMany().HasForeignKey(q => q.TenantId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<DailyUsage> usage)
    {
        usage.ToTable("daily_usage");
        usage.HasKey(u => new { u.TenantId, u.Day });
        usage.HasOne<Tenant>().WithMany().HasForeignKey(u => u.TenantId).OnDelete(DeleteBehavior.Cascade);
    }
}
