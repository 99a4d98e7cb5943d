using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>A question of a tenant whose right answer is known: what publishing and calibration are measured on.</summary>
internal sealed class KnowledgeLabel
{
    public required Guid TenantId { get; init; }

    public required Guid Id { get; init; }

    /// <summary>ISO 639-1: <c>tr</c> or <c>en</c>.</summary>
    public required string Language { get; set; }

    /// <summary>Unique within the tenant; two that differ only in diacritics are two questions.</summary>
    public required string Question { get; set; }

    /// <summary>Ids of the entries or documents that answer; empty where the question must be declined.</summary>
    public required string[] Expected { get; set; }

    /// <summary>A word for what makes it hard, such as <c>typo</c>.</summary>
    public required string Kind { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }

    /// <summary>User name.</summary>
    public required string UpdatedBy { get; set; }

    public bool MustBeDeclined => Expected.Length == 0;

    /// <summary>Whether it says something about entries: not where only documents answer.</summary>
    public bool IsAboutEntries => MustBeDeclined || !Expected.All(id => Guid.TryParse(id, out _));

    public LabelItem ToWire() => new(Id.ToString(), Language, Question, Expected, Kind, UpdatedAt, UpdatedBy);
}

internal sealed class KnowledgeLabelConfiguration : IEntityTypeConfiguration<KnowledgeLabel>
{
    public void Configure(EntityTypeBuilder<KnowledgeLabel> label)
    {
        label.ToTable("knowledge_labels");
        label.HasKey(l => new { l.TenantId, l.Id });
        label.HasIndex(l => new { l.TenantId, l.Question }).IsUnique();
        label.HasIndex(l => new { l.TenantId, l.UpdatedAt, l.Id }).IsDescending(false, true, true);
        label.HasOne<Tenant>().WithMany().HasForeignKey(l => l.TenantId).OnDelete(DeleteBehavior.Restrict);
    }
}
