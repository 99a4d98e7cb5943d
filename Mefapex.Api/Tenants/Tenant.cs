using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Tenants;

/// <summary>An organisation with its own people, knowledge and conversations.</summary>
internal sealed class Tenant
{
    public required Guid Id { get; init; }

    /// <summary>The name in tokens, headers and addresses: lower case, never reused.</summary>
    public required string Slug { get; init; }

    public required string Name { get; set; }

    /// <summary>The language people are answered in when theirs cannot be told, ISO 639-1.</summary>
    public required string Locale { get; set; }

    /// <summary>Who may register: one of <see cref="RegistrationModes"/>.</summary>
    public string Registration { get; set; } = RegistrationModes.Closed;

    /// <summary>Since when its people are refused; null for a tenant in use.</summary>
    public DateTimeOffset? SuspendedAt { get; set; }

    /// <summary>Why, as they are told.</summary>
    public string? SuspensionReason { get; set; }
}

internal sealed class TenantConfiguration : IEntityTypeConfiguration<Tenant>
{
    public void Configure(EntityTypeBuilder<Tenant> tenant)
    {
        tenant.ToTable("tenants");
        tenant.Property(t => t.Id).ValueGeneratedNever();
        tenant.HasIndex(t => t.Slug).IsUnique();
    }
}
