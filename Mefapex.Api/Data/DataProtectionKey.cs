using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Data;

/// <summary>A key, or the withdrawal of one, as data protection writes it; shared by all replicas.</summary>
internal sealed class DataProtectionKey
{
    public required Guid Id { get; init; }

    /// <summary>How data protection calls it, for people who look into the table.</summary>
    public required string Name { get; init; }

    public required string Xml { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

internal sealed class DataProtectionKeyConfiguration : IEntityTypeConfiguration<DataProtectionKey>
{
    public void Configure(EntityTypeBuilder<DataProtectionKey> key)
    {
        key.ToTable("data_protection_keys");
        key.Property(k => k.Id).ValueGeneratedNever();
    }
}

/// <summary>Keeps the keys in PostgreSQL; data protection itself remembers what it has read for a day.</summary>
internal sealed class DatabaseKeys(IDbContextFactory<MefapexDb> databases, TimeProvider time) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var all = DataScope.AllTenants();
        using var db = databases.CreateDbContext();
        return [.. db.DataProtectionKeys.AsNoTracking().OrderBy(key => key.CreatedAt).Select(key => key.Xml).ToList().Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var all = DataScope.AllTenants();
        using var db = databases.CreateDbContext();
        db.DataProtectionKeys.Add(new DataProtectionKey
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            Name = friendlyName,
            Xml = element.ToString(SaveOptions.DisableFormatting),
            CreatedAt = time.GetUtcNow(),
        });
        db.SaveChanges();
    }
}

internal static class DataProtectionKeysExtensions
{
    private const string Preload = "Microsoft.AspNetCore.DataProtection.Internal.DataProtectionHostedService";

    /// <summary>Comes after every feature that adds data protection.</summary>
    public static WebApplicationBuilder AddDataProtectionKeys(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddDataProtection().SetApplicationName("Mefapex.Api");
        services.AddSingleton<DatabaseKeys>();
        services.AddOptions<KeyManagementOptions>().Configure<DatabaseKeys>((management, keys) => management.XmlRepository = keys);

        // The keys are read when they are first needed: at the start there may be no database and no table yet.
        foreach (var preload in services.Where(s => s.ImplementationType?.FullName == Preload).ToList())
            services.Remove(preload);

        // It warns that the keys are kept as they are: they are, where only the role of this service may read.
        builder.Logging.AddFilter(typeof(XmlKeyManager).FullName, LogLevel.Error);
        return builder;
    }
}
