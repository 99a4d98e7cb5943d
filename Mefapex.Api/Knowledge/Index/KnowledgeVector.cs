using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>One text of an entry as a model sees it.</summary>
internal sealed class KnowledgeVector
{
    public const string Title = "title";
    public const string Question = "question";
    public const string Answer = "answer";

    public required Guid TenantId { get; init; }

    public required string EntryId { get; init; }

    /// <summary>sha256 of the model file: vectors of different models are never compared.</summary>
    public required string ModelHash { get; init; }

    /// <summary>sha256 of the text, lower-case hex: equal texts of an entry share a vector.</summary>
    public required string TextHash { get; init; }

    /// <summary><see cref="Title"/>, <see cref="Question"/> or <see cref="Answer"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Unit length, all of one model with the same number of values.</summary>
    public required float[] Values { get; init; }
}

internal sealed class KnowledgeVectorConfiguration : IEntityTypeConfiguration<KnowledgeVector>
{
    public void Configure(EntityTypeBuilder<KnowledgeVector> vector)
    {
        vector.ToTable("knowledge_vectors");
        vector.HasKey(v => new { v.TenantId, v.EntryId, v.ModelHash, v.TextHash });
        vector.HasOne<KnowledgeEntry>().WithMany().HasForeignKey(v => new { v.TenantId, v.EntryId }).OnDelete(DeleteBehavior.Cascade);
    }
}
