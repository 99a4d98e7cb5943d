using Mefapex.Contracts.Knowledge;

namespace Mefapex.Api.Knowledge.Entries;

internal static class EntryWire
{
    public static Entry ToWire(this KnowledgeEntry entry, KnowledgeVersion newest, IReadOnlyList<EntryFinding> findings) => new()
    {
        Id = entry.Id,
        Status = entry.Status,
        Version = entry.Version,
        PublishedVersion = entry.PublishedVersion,
        Revision = entry.Revision,
        Category = newest.Category,
        Owner = newest.Owner,
        ValidFrom = newest.ValidFrom,
        ExpiresOn = newest.ExpiresOn,
        Tags = newest.Tags,
        Audience = newest.Audience,
        Texts = TextsOf(newest),
        Author = newest.Author,
        Note = newest.Note,
        UpdatedAt = entry.UpdatedAt,
        UpdatedBy = entry.UpdatedBy,
        Allowed = EntryMoves.Allowed(entry),
        Findings = findings.Count > 0 ? findings : null,
    };

    public static EntrySummary ToSummary(this KnowledgeEntry entry, KnowledgeVersion newest) => new()
    {
        Id = entry.Id,
        Title = newest.Title,
        Status = entry.Status,
        Version = entry.Version,
        PublishedVersion = entry.PublishedVersion,
        Revision = entry.Revision,
        Category = newest.Category,
        Owner = newest.Owner,
        ValidFrom = newest.ValidFrom,
        ExpiresOn = newest.ExpiresOn,
        Languages = newest.Languages,
        Audience = newest.Audience,
        UpdatedAt = entry.UpdatedAt,
        UpdatedBy = entry.UpdatedBy,
    };

    // JSON has what the declared type has: a list goes without the texts.
    public static EntryVersionSummary ToSummary(this KnowledgeVersion version) => version.ToWire();

    public static EntryVersion ToWire(this KnowledgeVersion version) => new()
    {
        Version = version.Version,
        Status = version.Status,
        Title = version.Title,
        Author = version.Author,
        CreatedAt = version.CreatedAt,
        Note = version.Note,
        PublishedBy = version.PublishedBy,
        PublishedAt = version.PublishedAt,
        OverrideReason = version.OverrideReason,
        Category = version.Category,
        Owner = version.Owner,
        ValidFrom = version.ValidFrom,
        ExpiresOn = version.ExpiresOn,
        Tags = version.Tags,
        Audience = version.Audience,
        Texts = TextsOf(version),
    };

    private static Dictionary<string, EntryText> TextsOf(KnowledgeVersion version) => version.Texts.ToDictionary(
        t => t.Language, t => new EntryText(t.Title, t.Questions, t.Answer), StringComparer.Ordinal);
}
