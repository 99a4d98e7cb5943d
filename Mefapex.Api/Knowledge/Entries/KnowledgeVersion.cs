using System.Text.Json;
using Mefapex.Contracts;
using Mefapex.Inference.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>What an entry said at one time. Its content never changes; only what became of it does.</summary>
internal sealed class KnowledgeVersion
{
    public required Guid TenantId { get; init; }

    public required string EntryId { get; init; }

    /// <summary>From 1.</summary>
    public required int Version { get; init; }

    /// <summary>One of <see cref="EntryStatus"/>.</summary>
    public required string Status { get; set; }

    /// <summary>The Turkish title, else the one of the first language.</summary>
    public required string Title { get; init; }

    public required string FoldedTitle { get; init; }

    /// <summary>Folded titles and questions of every language, which lists are searched in.</summary>
    public required string Folded { get; init; }

    public required string Category { get; set; }

    public required string Owner { get; init; }

    public required DateOnly ValidFrom { get; init; }

    public required DateOnly? ExpiresOn { get; init; }

    public required string[] Tags { get; init; }

    /// <summary>See <see cref="Reader"/>.</summary>
    public required string[] Audience { get; init; }

    /// <summary>In which it has a text, Turkish first.</summary>
    public required string[] Languages { get; init; }

    /// <summary>In the order of <see cref="Languages"/>, then what has no text.</summary>
    public required IReadOnlyList<EntryContent> Texts { get; init; }

    /// <summary>User name.</summary>
    public required string Author { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What the author, or whoever sent it back, said about it.</summary>
    public string? Note { get; set; }

    /// <summary>User name; null for a version that never was published.</summary>
    public string? PublishedBy { get; set; }

    public DateTimeOffset? PublishedAt { get; set; }

    /// <summary>Why it was published although a check advised against it.</summary>
    public string? OverrideReason { get; set; }

    public EntryDraft ToDraft() => new(Category, Owner, ValidFrom, ExpiresOn, Tags, Audience, Texts);

    public static KnowledgeVersion Of(
        Guid tenantId,
        string entryId,
        int version,
        string status,
        EntryDraft draft,
        string author,
        string? note,
        DateTimeOffset now)
    {
        EntryContent[] texts = [.. draft.Texts.OrderBy(t => !t.HasText).ThenBy(t => t.Language != "tr").ThenBy(t => t.Language, StringComparer.Ordinal)];
        return new()
        {
            TenantId = tenantId,
            EntryId = entryId,
            Version = version,
            Status = status,
            Title = texts[0].Title,
            FoldedTitle = FoldedText.Of(texts[0].Title, texts[0].Language).Key,
            Folded = string.Join(' ', texts.SelectMany(t => t.Questions.Prepend(t.Title).Select(q => FoldedText.Of(q, t.Language).Key))),
            Category = draft.Category,
            Owner = draft.Owner,
            ValidFrom = draft.ValidFrom,
            ExpiresOn = draft.ExpiresOn,
            Tags = [.. draft.Tags],
            Audience = [.. draft.Audience],
            Languages = [.. texts.Where(t => t.HasText).Select(t => t.Language)],
            Texts = texts,
            Author = author,
            CreatedAt = now,
            Note = note,
        };
    }
}

/// <summary>The states of an entry's version.</summary>
internal static class EntryStatus
{
    public const string Draft = "draft";
    public const string Review = "review";
    public const string Published = "published";

    /// <summary>Was published and was taken back.</summary>
    public const string Retired = "retired";

    /// <summary>A newer version stands in its place.</summary>
    public const string Superseded = "superseded";
}

/// <summary>Everything that a person may change of an entry, checked by <c>EntryRules</c> where it comes from outside.</summary>
/// <param name="Audience">See <see cref="Reader"/>.</param>
/// <param name="Texts">At least one, each language once.</param>
internal sealed record EntryDraft(
    string Category,
    string Owner,
    DateOnly ValidFrom,
    DateOnly? ExpiresOn,
    IReadOnlyList<string> Tags,
    IReadOnlyList<string> Audience,
    IReadOnlyList<EntryContent> Texts)
{
    public bool SaysTheSameAs(EntryDraft other) =>
        Category == other.Category && Owner == other.Owner && ValidFrom == other.ValidFrom && ExpiresOn == other.ExpiresOn
        && Same(Tags, other.Tags) && Same(Audience, other.Audience) && Texts.Count == other.Texts.Count
        && Texts.All(t => other.Texts.Any(o =>
            t.Language == o.Language && t.Title == o.Title && t.Answer == o.Answer && Same(t.Questions, o.Questions)));

    private static bool Same(IEnumerable<string> a, IEnumerable<string> b) => a.SequenceEqual(b, StringComparer.Ordinal);
}

internal sealed class KnowledgeVersionConfiguration : IEntityTypeConfiguration<KnowledgeVersion>
{
    public void Configure(EntityTypeBuilder<KnowledgeVersion> version)
    {
        version.ToTable("knowledge_versions");
        version.HasKey(v => new { v.TenantId, v.EntryId, v.Version });
        version.HasIndex(v => new { v.TenantId, v.Category });
        version.HasOne<KnowledgeEntry>().WithMany().HasForeignKey(v => new { v.TenantId, v.EntryId }).OnDelete(DeleteBehavior.Cascade);
        version.Property(v => v.Texts).HasColumnType("jsonb").HasConversion(
            texts => JsonSerializer.Serialize(texts, WireJson.Options),
            json => JsonSerializer.Deserialize<EntryContent[]>(json, WireJson.Options)!,
            new ValueComparer<IReadOnlyList<EntryContent>>(
                (a, b) => ReferenceEquals(a, b),
                texts => texts.Count,
                texts => texts));
    }
}
