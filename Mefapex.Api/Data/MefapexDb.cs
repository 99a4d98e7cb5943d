using Mefapex.Api.Accounts;
using Mefapex.Api.Conversations;
using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Data;

/// <summary>Everything Mefapex keeps in PostgreSQL.</summary>
internal sealed class MefapexDb(DbContextOptions<MefapexDb> options) : DbContext(options)
{
    public DbSet<Tenant> Tenants => Set<Tenant>();

    public DbSet<User> Users => Set<User>();

    public DbSet<Conversation> Conversations => Set<Conversation>();

    public DbSet<StoredExchange> Exchanges => Set<StoredExchange>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfiguration(new TenantConfiguration());
        modelBuilder.ApplyConfiguration(new UserConfiguration());
        modelBuilder.ApplyConfiguration(new ConversationConfiguration());
        modelBuilder.ApplyConfiguration(new StoredExchangeConfiguration());
        modelBuilder.UseSnakeCaseNames();
    }
}
