using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>What was decided about a question that the knowledge did not answer.</summary>
internal sealed class KnowledgeGap
{
    /// <summary>It needs no answer; it is not shown again, nor is what means the same.</summary>
    public const string Dismissed = "dismissed";

    /// <summary>An entry was begun for it; it is shown again when it goes unanswered later still.</summary>
    public const string Drafted = "drafted";

    public required Guid TenantId { get; init; }

    /// <summary>The folded question: equal for wordings that differ in case, diacritics and punctuation only.</summary>
    public required string Folded { get; init; }

    public required string Question { get; set; }

    /// <summary><see cref="Dismissed"/> or <see cref="Drafted"/>.</summary>
    public required string Verdict { get; set; }

    /// <summary>The entry that was begun.</summary>
    public string? EntryId { get; set; }

    public required DateTimeOffset DecidedAt { get; set; }

    /// <summary>User name.</summary>
    public required string DecidedBy { get; set; }
}

internal sealed class KnowledgeGapConfiguration : IEntityTypeConfiguration<KnowledgeGap>
{
    public void Configure(EntityTypeBuilder<KnowledgeGap> gap)
    {
        gap.ToTable("knowledge_gaps");
        gap.HasKey(g => new { g.TenantId, g.Folded });
        gap.HasOne<Tenant>().WithMany().HasForeignKey(g => g.TenantId).OnDelete(DeleteBehavior.Restrict);
    }
}
