using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Accounts;

/// <summary>One sign-in on one device, and the family of refresh tokens that grew out of it.</summary>
internal sealed class Session
{
    public required Guid Id { get; init; }

    public required Guid UserId { get; init; }

    /// <summary>The user's; null for the platform operator.</summary>
    public Guid? TenantId { get; init; }

    /// <summary>What the device called itself at sign-in.</summary>
    public required string Device { get; init; }

    /// <summary>Where it was used from last.</summary>
    public required string Address { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its tokens were renewed last.</summary>
    public required DateTimeOffset LastUsedAt { get; set; }

    /// <summary>Until when its present refresh token is good.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>One of <see cref="SessionEnd"/>.</summary>
    public string? EndReason { get; set; }
}

/// <summary>Why a session ended before its time.</summary>
internal static class SessionEnd
{
    public const string SignedOut = "signed-out";

    /// <summary>The person ended it from another one.</summary>
    public const string EndedByPerson = "ended-by-person";

    /// <summary>Somebody who administers the tenant ended it.</summary>
    public const string EndedByAdmin = "ended-by-admin";

    /// <summary>Roles or groups changed, and its tokens carry the old ones.</summary>
    public const string AccessChanged = "access-changed";

    public const string AccountDisabled = "account-disabled";

    public const string PasswordChanged = "password-changed";

    /// <summary>A refresh token came a second time: it, or the one that followed it, is in other hands.</summary>
    public const string TokenReused = "token-reused";
}

/// <summary>A refresh token as its hash, kept after its use so that a second one is noticed.</summary>
internal sealed class RefreshToken
{
    public required byte[] Hash { get; init; }

    public required Guid SessionId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? UsedAt { get; set; }
}

internal sealed class SessionConfiguration : IEntityTypeConfiguration<Session>, IEntityTypeConfiguration<RefreshToken>
{
    public void Configure(EntityTypeBuilder<Session> session)
    {
        session.ToTable("sessions");
        session.Property(s => s.Id).ValueGeneratedNever();
        session.HasIndex(s => new { s.UserId, s.CreatedAt, s.Id }).IsDescending(false, true, true);
        session.HasOne<User>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
        session.HasOne<Tenant>().WithMany().HasForeignKey(s => s.TenantId).OnDelete(DeleteBehavior.Restrict);
    }

    public void Configure(EntityTypeBuilder<RefreshToken> token)
    {
        token.ToTable("refresh_tokens");
        token.HasKey(t => t.Hash);
        token.HasOne<Session>().WithMany().HasForeignKey(t => t.SessionId).OnDelete(DeleteBehavior.Cascade);
    }
}
