using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using NpgsqlTypes;

namespace Mefapex.Api.Knowledge;

/// <summary>
/// An approved answer and everything it is found by. It says what its published version says; an entry that was never
/// published what its newest one says, and nobody finds it.
/// </summary>
internal sealed class KnowledgeEntry
{
    public required Guid TenantId { get; init; }

    /// <summary>Lower-case ASCII words joined by hyphens; unique within the tenant, stays the same over versions.</summary>
    public required string Id { get; init; }

    public required string Category { get; set; }

    /// <summary>The department that answers for it.</summary>
    public required string Owner { get; set; }

    public required DateOnly ValidFrom { get; set; }

    /// <summary>The last day on which it is found; null without an end.</summary>
    public DateOnly? ExpiresOn { get; set; }

    /// <summary>Whom it is for, see <see cref="Reader"/>; empty for everybody.</summary>
    public string[] Audience { get; set; } = [];

    public required string[] Tags { get; set; }

    /// <summary>State of the newest version, one of <see cref="EntryStatus"/>.</summary>
    public required string Status { get; set; }

    /// <summary>The newest version, see <see cref="KnowledgeVersion"/>.</summary>
    public required int Version { get; set; }

    /// <summary>The version that people are answered with; null when there is none.</summary>
    public int? PublishedVersion { get; set; }

    /// <summary>One more with each change of any kind, for concurrent edits.</summary>
    public int Revision { get; set; } = 1;

    /// <summary>The <see cref="Search.SearchKey.Format"/> that the search columns were made in.</summary>
    public int SearchFormat { get; set; }

    /// <summary>Hash of the sample it was loaded from; null for an entry that a person wrote or changed.</summary>
    public string? SampleHash { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }

    /// <summary>User name.</summary>
    public string UpdatedBy { get; set; } = "";

    /// <summary>Of the published version; empty when there is none.</summary>
    public List<KnowledgeText> Texts { get; } = [];

    public List<KnowledgeQuestion> Questions { get; } = [];

    /// <summary>An entry that gets its first version next.</summary>
    public static KnowledgeEntry Of(Guid tenantId, string id) => new()
    {
        TenantId = tenantId,
        Id = id,
        Category = "",
        Owner = "",
        ValidFrom = default,
        Tags = [],
        Status = EntryStatus.Draft,
        Version = 0,
        Revision = 0,
        UpdatedAt = default,
    };
}

/// <summary>Title and answer of an entry in one language.</summary>
internal sealed class KnowledgeText
{
    public required Guid TenantId { get; init; }

    public required string EntryId { get; init; }

    /// <summary>ISO 639-1: <c>tr</c> or <c>en</c>.</summary>
    public required string Language { get; init; }

    public required string Title { get; set; }

    public required string FoldedTitle { get; set; }

    /// <summary>Markdown, shown as it stands.</summary>
    public required string Answer { get; set; }

    /// <summary>Title (A), questions (B), tags and category (C) and answer (D) under PostgreSQL's configuration for the
    /// language; like <see cref="FoldedSearch"/> written by <see cref="KnowledgeWriter"/>.</summary>
    public NpgsqlTsVector OriginalSearch { get; private set; } = NpgsqlTsVector.Empty;

    /// <summary>The same texts as folded keys, see <see cref="Search.SearchKey"/>.</summary>
    public NpgsqlTsVector FoldedSearch { get; private set; } = NpgsqlTsVector.Empty;
}

/// <summary>One way in which people ask for an entry.</summary>
internal sealed class KnowledgeQuestion
{
    public required Guid TenantId { get; init; }

    public required string EntryId { get; init; }

    public required string Language { get; init; }

    /// <summary>From 0 in the order of the editor.</summary>
    public required int Position { get; init; }

    public required string Text { get; set; }

    public required string Folded { get; set; }
}

internal sealed class KnowledgeEntryConfiguration : IEntityTypeConfiguration<KnowledgeEntry>
{
    public void Configure(EntityTypeBuilder<KnowledgeEntry> entry)
    {
        entry.ToTable("knowledge_entries");
        entry.HasKey(e => new { e.TenantId, e.Id });
        entry.HasOne<Tenant>().WithMany().HasForeignKey(e => e.TenantId).OnDelete(DeleteBehavior.Restrict);
        entry.HasMany(e => e.Texts).WithOne().HasForeignKey(t => new { t.TenantId, t.EntryId }).OnDelete(DeleteBehavior.Cascade);
        entry.HasMany(e => e.Questions).WithOne().HasForeignKey(q => new { q.TenantId, q.EntryId }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class KnowledgeTextConfiguration : IEntityTypeConfiguration<KnowledgeText>
{
    public void Configure(EntityTypeBuilder<KnowledgeText> text)
    {
        text.ToTable("knowledge_texts");
        text.HasKey(t => new { t.TenantId, t.EntryId, t.Language });
        text.HasIndex(t => t.OriginalSearch).HasMethod("gin").HasStorageParameter("fastupdate", "off");
        text.HasIndex(t => t.FoldedSearch).HasMethod("gin").HasStorageParameter("fastupdate", "off");
        text.HasIndex(t => t.FoldedTitle).HasMethod("gin").HasOperators("gin_trgm_ops");
    }
}

internal sealed class KnowledgeQuestionConfiguration : IEntityTypeConfiguration<KnowledgeQuestion>
{
    public void Configure(EntityTypeBuilder<KnowledgeQuestion> question)
    {
        question.ToTable("knowledge_questions");
        question.HasKey(q => new { q.TenantId, q.EntryId, q.Language, q.Position });
        question.HasIndex(q => q.Folded).HasMethod("gin").HasOperators("gin_trgm_ops");
    }
}
