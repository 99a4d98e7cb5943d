using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Knowledge;

/// <summary>What a tenant's knowledge has as a whole.</summary>
internal sealed class KnowledgeBase
{
    public required Guid TenantId { get; init; }

    /// <summary>One more with each change of entries, synonyms or contacts: what was derived from a lower one is stale.</summary>
    public required long Version { get; set; }

    /// <summary>The person or desk named when the assistant does not know, in Turkish.</summary>
    public required string ContactTr { get; set; }

    /// <summary>The same in English.</summary>
    public required string ContactEn { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>Terms that mean nearly the same; they widen recall and never decide between neighbours.</summary>
internal sealed class SynonymGroup
{
    public required Guid TenantId { get; init; }

    public required int Position { get; init; }

    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Words or short phrases as people write them, the preferred one first.</summary>
    public required string[] Terms { get; set; }
}

internal sealed class KnowledgeBaseConfiguration : IEntityTypeConfiguration<KnowledgeBase>
{
    public void Configure(EntityTypeBuilder<KnowledgeBase> knowledge)
    {
        knowledge.ToTable("knowledge_bases");
        knowledge.HasKey(k => k.TenantId);
        knowledge.Property(k => k.TenantId).ValueGeneratedNever();
        knowledge.HasOne<Tenant>().WithOne().HasForeignKey<KnowledgeBase>(k => k.TenantId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class SynonymGroupConfiguration : IEntityTypeConfiguration<SynonymGroup>
{
    public void Configure(EntityTypeBuilder<SynonymGroup> group)
    {
        group.ToTable("knowledge_synonyms");
        group.HasKey(g => new { g.TenantId, g.Position });
        group.HasIndex(g => new { g.TenantId, g.Id }).IsUnique();
        group.Property(g => g.Id).ValueGeneratedNever();
        group.HasOne<Tenant>().WithMany().HasForeignKey(g => g.TenantId).OnDelete(DeleteBehavior.Restrict);
    }
}
