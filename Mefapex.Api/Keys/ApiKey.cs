using Mefapex.Api.Tenants;
using Mefapex.Contracts.Keys;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Keys;

/// <summary>Lets a service or a monitor act for a tenant without a person; its secret is kept as a hash only.</summary>
internal sealed class ApiKey
{
    public required Guid Id { get; init; }

    public required Guid TenantId { get; init; }

    public required string Name { get; init; }

    /// <summary>How the secret begins.</summary>
    public required string Prefix { get; init; }

    public required byte[] Hash { get; init; }

    /// <summary>What it may do, of <see cref="KeyScopes.All"/>.</summary>
    public required string[] Scopes { get; init; }

    /// <summary>Networks it may be used from, in CIDR notation; empty for all.</summary>
    public required string[] Networks { get; init; }

    /// <summary>A user name, or what took its place.</summary>
    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>To the minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The key that it was made to take the place of.</summary>
    public Guid? Replaces { get; init; }

    public ApiKeyInfo ToWire(DateTimeOffset now) => new(
        Id.ToString(),
        Name,
        Prefix,
        RevokedAt is not null ? KeyStatus.Revoked : ExpiresAt <= now ? KeyStatus.Expired : KeyStatus.Active,
        Scopes,
        Networks,
        CreatedAt,
        CreatedBy,
        ExpiresAt,
        LastUsedAt,
        RevokedAt,
        Replaces?.ToString());
}

internal static class KeyStatus
{
    public const string Active = "active";
    public const string Expired = "expired";
    public const string Revoked = "revoked";
}

internal sealed class ApiKeyConfiguration : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> key)
    {
        key.ToTable("api_keys");
        key.Property(k => k.Id).ValueGeneratedNever();
        key.HasIndex(k => k.Hash).IsUnique();
        key.HasIndex(k => new { k.TenantId, k.CreatedAt, k.Id }).IsDescending(false, true, true);
        key.HasOne<Tenant>().WithMany().HasForeignKey(k => k.TenantId).OnDelete(DeleteBehavior.Cascade);
    }
}
