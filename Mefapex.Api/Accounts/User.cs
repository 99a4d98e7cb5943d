using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Accounts;

/// <summary>Somebody who can sign in.</summary>
internal sealed class User
{
    public required Guid Id { get; init; }

    /// <summary>Null for the platform operator, who belongs to no tenant.</summary>
    public Guid? TenantId { get; init; }

    /// <summary>Unique over all tenants and always in lower case, see <see cref="NameKey"/>.</summary>
    public required string Username { get; init; }

    /// <summary>Always in lower case, as user names are.</summary>
    public string? Email { get; set; }

    public string? FullName { get; set; }

    public string PasswordHash { get; set; } = "";

    public required string[] Roles { get; set; }

    /// <summary>Names of the groups that knowledge can be kept to, such as a department.</summary>
    public string[] Groups { get; set; } = [];

    /// <summary>Since when nobody signs in to it; null for an account in use.</summary>
    public DateTimeOffset? DisabledAt { get; set; }

    /// <summary>One of the accounts of a development database, with its well-known password.</summary>
    public bool Demo { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The form that user names are stored and looked up in.</summary>
    public static string NameKey(string username) => username.Trim().ToLowerInvariant();
}

internal sealed class UserConfiguration : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> user)
    {
        user.ToTable("users");
        user.Property(u => u.Id).ValueGeneratedNever();
        user.HasIndex(u => u.Username).IsUnique();
        user.HasIndex(u => new { u.TenantId, u.CreatedAt, u.Id }).IsDescending(false, true, true);
        user.HasOne<Tenant>().WithMany().HasForeignKey(u => u.TenantId).OnDelete(DeleteBehavior.Restrict);
    }
}
