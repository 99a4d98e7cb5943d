using Mefapex.Api.Conversations;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Knowledge.Tasks;

/// <summary>Something that those who keep a tenant's knowledge should look at.</summary>
internal sealed class KnowledgeTask
{
    public required Guid Id { get; init; }

    public required Guid TenantId { get; init; }

    /// <summary>One of <see cref="TaskKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>What it is about, in the words of the feature that opened it; at most one open task of a kind has it.</summary>
    public required string Topic { get; init; }

    /// <summary>The department it is for; empty when nobody is named.</summary>
    public required string Owner { get; init; }

    public string? EntryId { get; init; }

    public Guid? DocumentId { get; init; }

    /// <summary>The exchange that opened it; null when there is none or it was deleted.</summary>
    public Guid? ExchangeId { get; init; }

    public required string Text { get; init; }

    /// <summary>How often the same was reported while it was open.</summary>
    public required int Count { get; set; }

    /// <summary>One of <see cref="Contracts.Knowledge.TaskStatus"/>.</summary>
    public required string Status { get; set; }

    /// <summary>User name of the one who looks after it.</summary>
    public string? Assigned { get; set; }

    /// <summary>What was said when it was closed.</summary>
    public string? Note { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public string? ClosedBy { get; set; }

    public DateTimeOffset? ClosedAt { get; set; }

    /// <summary>1 for a new task, one more with each change.</summary>
    public required int Revision { get; set; }

    public TaskItem ToWire() => new(
        Id.ToString(),
        Kind,
        Owner,
        EntryId,
        DocumentId?.ToString(),
        ExchangeId?.ToString(),
        Text,
        Count,
        Status,
        Assigned,
        Note,
        CreatedAt,
        UpdatedAt,
        ClosedBy,
        ClosedAt,
        Revision);
}

internal sealed class KnowledgeTaskConfiguration : IEntityTypeConfiguration<KnowledgeTask>
{
    public void Configure(EntityTypeBuilder<KnowledgeTask> task)
    {
        task.ToTable("knowledge_tasks");
        task.Property(t => t.Id).ValueGeneratedNever();
        task.Property(t => t.Revision).IsConcurrencyToken();
        task.HasIndex(t => new { t.TenantId, t.Kind, t.Topic }).IsUnique().HasFilter("status = 'open'");
        task.HasIndex(t => new { t.TenantId, t.CreatedAt, t.Id }).IsDescending(false, true, true);
        task.HasOne<Tenant>().WithMany().HasForeignKey(t => t.TenantId).OnDelete(DeleteBehavior.Restrict);
        task.HasOne<StoredExchange>().WithMany().HasForeignKey(t => t.ExchangeId).OnDelete(DeleteBehavior.SetNull);
    }
}
