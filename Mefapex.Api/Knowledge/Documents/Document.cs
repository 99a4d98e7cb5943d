using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using NpgsqlTypes;

namespace Mefapex.Api.Knowledge.Documents;

/// <summary>A document people may cite, whatever file it has at the moment.</summary>
internal sealed class Document
{
    public required Guid TenantId { get; init; }

    public required Guid Id { get; init; }

    public required string Title { get; set; }

    public required string Category { get; set; }

    public required string Owner { get; set; }

    /// <summary>Whom it is for, see <see cref="Reader"/>; empty for everybody.</summary>
    public string[] Audience { get; set; } = [];

    /// <summary><c>upload</c> or <c>folder</c>.</summary>
    public required string Origin { get; init; }

    /// <summary>Path within the watched folder; null for an upload.</summary>
    public string? OriginPath { get; init; }

    /// <summary>The version that is searched; null until the first one is.</summary>
    public int? CurrentVersion { get; set; }

    public required int NewestVersion { get; set; }

    /// <summary>One more with each change, for concurrent edits.</summary>
    public required int Revision { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public required string UpdatedBy { get; set; }

    public List<DocumentVersion> Versions { get; } = [];
}

/// <summary>A file of a document on its way to being searched, there, or replaced.</summary>
internal sealed class DocumentVersion
{
    public required Guid TenantId { get; init; }

    public required Guid DocumentId { get; init; }

    /// <summary>From 1.</summary>
    public required int Version { get; init; }

    public required string FileName { get; init; }

    public required string MediaType { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Of the file, lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Name in the file store: random, tells nothing.</summary>
    public required string StorageKey { get; init; }

    /// <summary>The step that comes next.</summary>
    public required string Step { get; set; }

    /// <summary><c>waiting</c>, <c>running</c>, <c>live</c>, <c>replaced</c>, <c>failed</c> or <c>quarantined</c>.</summary>
    public required string Status { get; set; }

    /// <summary>Units of the present step that are done (pages, chunks), of <see cref="ProgressTotal"/>.</summary>
    public int ProgressDone { get; set; }

    public int ProgressTotal { get; set; }

    public int? Pages { get; set; }

    /// <summary>Pages without text, from 1: scanned ones.</summary>
    public int[] EmptyPages { get; set; } = [];

    /// <summary>Stable name of what went wrong; null while nothing did.</summary>
    public string? Problem { get; set; }

    /// <summary>What went wrong, for the log and the editor.</summary>
    public string? ProblemDetail { get; set; }

    public int Attempts { get; set; }

    public required DateTimeOffset NextAttemptAt { get; set; }

    /// <summary>The worker that has it, until <see cref="LeasedUntil"/>.</summary>
    public string? LeasedBy { get; set; }

    public DateTimeOffset? LeasedUntil { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string CreatedBy { get; init; }

    public DateTimeOffset? FinishedAt { get; set; }
}

/// <summary>A piece of a version's text, small enough to be cited.</summary>
internal sealed class DocumentChunk
{
    public required Guid TenantId { get; init; }

    public required Guid DocumentId { get; init; }

    public required int Version { get; init; }

    /// <summary>From 0 in reading order.</summary>
    public required int Position { get; init; }

    /// <summary>From 1; null where the format has no pages.</summary>
    public int? Page { get; init; }

    /// <summary>The headings above it, outermost first, joined by <c> › </c>.</summary>
    public string? Heading { get; init; }

    /// <summary>Index of the first character in the extracted text of the whole version, UTF-16.</summary>
    public required int Offset { get; init; }

    public required string Text { get; init; }

    /// <summary>What its vector is made of.</summary>
    public string EmbeddedText => Heading is null ? Text : $"{Heading}\n{Text}";

    /// <summary>sha256 of the text, lower-case hex.</summary>
    public required string TextHash { get; init; }

    /// <summary>ISO 639-1: <c>tr</c> or <c>en</c>.</summary>
    public required string Language { get; init; }

    /// <summary>Title and heading (A) and text (D) under PostgreSQL's configuration for the language.</summary>
    public NpgsqlTsVector OriginalSearch { get; private set; } = NpgsqlTsVector.Empty;

    /// <summary>The same as folded keys, see <see cref="Search.SearchKey"/>.</summary>
    public NpgsqlTsVector FoldedSearch { get; private set; } = NpgsqlTsVector.Empty;
}

/// <summary>A chunk as a model sees it.</summary>
internal sealed class ChunkVector
{
    public required Guid TenantId { get; init; }

    public required Guid DocumentId { get; init; }

    public required int Version { get; init; }

    public required int Position { get; init; }

    /// <summary>sha256 of the model file.</summary>
    public required string ModelHash { get; init; }

    /// <summary>Unit length.</summary>
    public required float[] Values { get; init; }
}

internal sealed class DocumentConfiguration : IEntityTypeConfiguration<Document>
{
    public void Configure(EntityTypeBuilder<Document> document)
    {
        document.ToTable("documents");
        document.HasKey(d => new { d.TenantId, d.Id });
        document.HasIndex(d => new { d.TenantId, d.UpdatedAt, d.Id }).IsDescending(false, true, true);
        document.HasIndex(d => new { d.TenantId, d.OriginPath }).IsUnique();
        document.HasOne<Tenant>().WithMany().HasForeignKey(d => d.TenantId).OnDelete(DeleteBehavior.Restrict);
        document.HasMany(d => d.Versions).WithOne()
            .HasForeignKey(v => new { v.TenantId, v.DocumentId }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class DocumentVersionConfiguration : IEntityTypeConfiguration<DocumentVersion>
{
    public void Configure(EntityTypeBuilder<DocumentVersion> version)
    {
        version.ToTable("document_versions");
        version.HasKey(v => new { v.TenantId, v.DocumentId, v.Version });
        version.HasIndex(v => new { v.TenantId, v.Sha256 });
        version.HasIndex(v => new { v.Status, v.NextAttemptAt });
    }
}

internal sealed class DocumentChunkConfiguration : IEntityTypeConfiguration<DocumentChunk>
{
    public void Configure(EntityTypeBuilder<DocumentChunk> chunk)
    {
        chunk.ToTable("document_chunks");
        chunk.HasKey(c => new { c.TenantId, c.DocumentId, c.Version, c.Position });
        chunk.HasIndex(c => c.OriginalSearch).HasMethod("gin").HasStorageParameter("fastupdate", "off");
        chunk.HasIndex(c => c.FoldedSearch).HasMethod("gin").HasStorageParameter("fastupdate", "off");
        chunk.HasOne<DocumentVersion>().WithMany()
            .HasForeignKey(c => new { c.TenantId, c.DocumentId, c.Version }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ChunkVectorConfiguration : IEntityTypeConfiguration<ChunkVector>
{
    public void Configure(EntityTypeBuilder<ChunkVector> vector)
    {
        vector.ToTable("chunk_vectors");
        vector.HasKey(v => new { v.TenantId, v.DocumentId, v.Version, v.Position, v.ModelHash });
        vector.HasOne<DocumentChunk>().WithMany()
            .HasForeignKey(v => new { v.TenantId, v.DocumentId, v.Version, v.Position }).OnDelete(DeleteBehavior.Cascade);
    }
}
