using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Accounts.OpenId;

/// <summary>Whom an OpenID provider knows as an account.</summary>
internal sealed class ExternalLogin
{
    public required string Issuer { get; init; }

    /// <summary>The provider's name for the person, which never changes.</summary>
    public required string Subject { get; init; }

    public required Guid UserId { get; init; }

    public required Guid TenantId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

internal sealed class ExternalLoginConfiguration : IEntityTypeConfiguration<ExternalLogin>
{
    public void Configure(EntityTypeBuilder<ExternalLogin> login)
    {
        login.ToTable("external_logins");
        login.HasKey(l => new { l.Issuer, l.Subject });
        login.HasIndex(l => l.UserId);
        login.HasOne<User>().WithMany().HasForeignKey(l => l.UserId).OnDelete(DeleteBehavior.Cascade);
        login.HasOne<Tenant>().WithMany().HasForeignKey(l => l.TenantId).OnDelete(DeleteBehavior.Cascade);
    }
}
