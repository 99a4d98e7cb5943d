using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Accounts.SecondFactors;

/// <summary>The secret that somebody's authenticator app shares with us; asked for at sign-in once it is confirmed.</summary>
internal sealed class SecondFactor
{
    public required Guid UserId { get; init; }

    /// <summary>The user's; null for the platform operator.</summary>
    public Guid? TenantId { get; init; }

    /// <summary>The secret, sealed under the configured one beside <see cref="UserId"/>.</summary>
    public required byte[] Sealed { get; set; }

    public required DateTimeOffset CreatedAt { get; set; }

    /// <summary>When a first code proved that the app has it.</summary>
    public DateTimeOffset? ConfirmedAt { get; set; }

    /// <summary>The time step of the newest code that was used; neither it nor an older one counts again.</summary>
    public long LastStep { get; set; }
}

/// <summary>Signs in once where the app is lost, as its hash; gone when it was used.</summary>
internal sealed class RecoveryCode
{
    public required byte[] Hash { get; init; }

    public required Guid UserId { get; init; }

    /// <summary>The user's; null for the platform operator.</summary>
    public Guid? TenantId { get; init; }
}

internal sealed class SecondFactorConfiguration : IEntityTypeConfiguration<SecondFactor>, IEntityTypeConfiguration<RecoveryCode>
{
    public void Configure(EntityTypeBuilder<SecondFactor> factor)
    {
        factor.ToTable("second_factors");
        factor.HasKey(f => f.UserId);
        factor.HasOne<User>().WithOne().HasForeignKey<SecondFactor>(f => f.UserId).OnDelete(DeleteBehavior.Cascade);
        factor.HasOne<Tenant>().WithMany().HasForeignKey(f => f.TenantId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<RecoveryCode> code)
    {
        code.ToTable("recovery_codes");
        code.HasKey(c => c.Hash);
        code.HasIndex(c => c.UserId);
        code.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
        code.HasOne<Tenant>().WithMany().HasForeignKey(c => c.TenantId).OnDelete(DeleteBehavior.Cascade);
    }
}
