using Mefapex.Api.Accounts;
using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Limits;

/// <summary>A request that came with an idempotency key, and its answer once there is one.</summary>
internal sealed class IdempotentRequest
{
    public const int MaxKeyLength = 255;

    public required Guid UserId { get; init; }

    public required string Path { get; init; }

    public required string Key { get; init; }

    /// <summary>Null for the platform operator, who belongs to no tenant.</summary>
    public Guid? TenantId { get; init; }

    /// <summary>SHA-256 of what was asked: query, tenant, content type and body.</summary>
    public required byte[] Fingerprint { get; init; }

    /// <summary>Of the one who works on it, so that nobody else stores an answer.</summary>
    public required Guid Claim { get; init; }

    /// <summary>From then on another may work on it, as the first has perished.</summary>
    public required DateTimeOffset ClaimedUntil { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Null while it is being worked on.</summary>
    public int? Status { get; init; }

    public string? ContentType { get; init; }

    public string? Location { get; init; }

    public string? Etag { get; init; }

    public byte[]? Body { get; init; }
}

internal sealed class IdempotentRequestConfiguration : IEntityTypeConfiguration<IdempotentRequest>
{
    public void Configure(EntityTypeBuilder<IdempotentRequest> request)
    {
        request.ToTable("idempotent_requests");
        request.HasKey(r => new { r.UserId, r.Path, r.Key });
        request.HasIndex(r => r.ExpiresAt);
        request.HasIndex(r => r.TenantId);
        request.HasOne<User>().WithMany().HasForeignKey(r => r.UserId).OnDelete(DeleteBehavior.Cascade);
        request.HasOne<Tenant>().WithMany().HasForeignKey(r => r.TenantId).OnDelete(DeleteBehavior.Cascade);
    }
}
