using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Ai;

/// <summary>That answers are made without the AI service for a while, because somebody says so.</summary>
internal sealed class ForcedFallback
{
    public const int MaxReasonLength = 200;

    public required Guid Id { get; init; }

    /// <summary>Whose answers; null for everybody's.</summary>
    public Guid? TenantId { get; init; }

    public string? Reason { get; init; }

    public required DateTimeOffset ForcedAt { get; init; }

    public required DateTimeOffset Until { get; init; }
}

internal sealed class ForcedFallbackConfiguration : IEntityTypeConfiguration<ForcedFallback>
{
    public void Configure(EntityTypeBuilder<ForcedFallback> fallback)
    {
        fallback.ToTable("forced_fallbacks");
        fallback.Property(f => f.Id).ValueGeneratedNever();
        fallback.HasIndex(f => f.TenantId);
        fallback.HasOne<Tenant>().WithMany().HasForeignKey(f => f.TenantId).OnDelete(DeleteBehavior.Cascade);
    }
}
