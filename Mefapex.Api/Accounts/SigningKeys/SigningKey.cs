using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Accounts.SigningKeys;

/// <summary>A key of access tokens, shared by all replicas; of the platform, so of no tenant.</summary>
internal sealed class SigningKey
{
    /// <summary>The public half's thumbprint, which tokens name as <c>kid</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Both halves (PKCS #8), sealed under the configured secret beside <see cref="Id"/>.</summary>
    public required byte[] Sealed { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From when on it signs.</summary>
    public required DateTimeOffset ActivatesAt { get; init; }

    /// <summary>When it stops signing.</summary>
    public required DateTimeOffset RetiresAt { get; set; }

    /// <summary>When its signatures stop counting.</summary>
    public required DateTimeOffset EndsAt { get; set; }
}

internal sealed class SigningKeyConfiguration : IEntityTypeConfiguration<SigningKey>
{
    public void Configure(EntityTypeBuilder<SigningKey> key) => key.ToTable("signing_keys");
}
