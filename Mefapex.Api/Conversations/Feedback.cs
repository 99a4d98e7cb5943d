using Mefapex.Api.Knowledge.Tasks;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Conversations;

/// <summary>What a person thinks of an answer.</summary>
internal sealed class Feedback
{
    public required Guid ExchangeId { get; init; }

    public required Guid TenantId { get; init; }

    public required bool Helpful { get; set; }

    /// <summary>One of <see cref="FeedbackReason"/>; null where the answer helped.</summary>
    public string? Reason { get; set; }

    public string? Comment { get; set; }

    /// <summary>The task that it opened or joined.</summary>
    public Guid? TaskId { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public AnswerFeedback ToWire() => new(Helpful, Reason, Comment, UpdatedAt);
}

internal sealed class FeedbackConfiguration : IEntityTypeConfiguration<Feedback>
{
    public void Configure(EntityTypeBuilder<Feedback> feedback)
    {
        feedback.ToTable("exchange_feedback");
        feedback.HasKey(f => f.ExchangeId);
        feedback.Property(f => f.ExchangeId).ValueGeneratedNever();
        feedback.HasIndex(f => new { f.TenantId, f.UpdatedAt });
        feedback.HasOne<StoredExchange>().WithOne().HasForeignKey<Feedback>(f => f.ExchangeId).OnDelete(DeleteBehavior.Cascade);
        feedback.HasOne<Tenant>().WithMany().HasForeignKey(f => f.TenantId).OnDelete(DeleteBehavior.Restrict);
        feedback.HasOne<KnowledgeTask>().WithMany().HasForeignKey(f => f.TaskId).OnDelete(DeleteBehavior.SetNull);
    }
}
