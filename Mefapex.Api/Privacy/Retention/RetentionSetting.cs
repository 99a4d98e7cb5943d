using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Privacy.Retention;

/// <summary>For how long a tenant keeps a kind of data, where that is not what the operator set.</summary>
internal sealed class RetentionSetting
{
    public required Guid TenantId { get; init; }

    /// <summary>A name of <see cref="RetentionKinds"/>.</summary>
    public required string Kind { get; init; }

    public required int Days { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }
}

internal sealed class RetentionSettingConfiguration : IEntityTypeConfiguration<RetentionSetting>
{
    public void Configure(EntityTypeBuilder<RetentionSetting> setting)
    {
        setting.ToTable("retention");
        setting.HasKey(s => new { s.TenantId, s.Kind });
        setting.HasOne<Tenant>().WithMany().HasForeignKey(s => s.TenantId).OnDelete(DeleteBehavior.Cascade);
    }
}
