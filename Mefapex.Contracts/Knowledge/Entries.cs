namespace Mefapex.Contracts.Knowledge;

/// <summary>An entry as its newest version says it: <c>/api/v1/knowledge/entries/{id}</c>.</summary>
public sealed record Entry
{
    /// <summary>Lower-case ASCII words joined by hyphens.</summary>
    public required string Id { get; init; }

    /// <summary>State of the newest version: <c>draft</c>, <c>review</c>, <c>published</c> or <c>retired</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The newest version, from 1.</summary>
    public required int Version { get; init; }

    /// <summary>The version that people are answered with; missing when there is none.</summary>
    public int? PublishedVersion { get; init; }

    /// <summary>What the ETag says: one more with each change of any kind.</summary>
    public required int Revision { get; init; }

    /// <summary>The category it is filed under.</summary>
    public required string Category { get; init; }

    /// <summary>The department that answers for it.</summary>
    public required string Owner { get; init; }

    /// <summary>The first day on which it is found.</summary>
    public required DateOnly ValidFrom { get; init; }

    /// <summary>The last day on which it is found; missing without an end.</summary>
    public DateOnly? ExpiresOn { get; init; }

    /// <summary>Further words it is found by; <c>acil</c> marks what needs a person at once.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Whom it is for: <c>role:…</c> or <c>group:…</c>, one of them is enough; empty for everybody.</summary>
    public required IReadOnlyList<string> Audience { get; init; }

    /// <summary>By language, ISO 639-1.</summary>
    public required IReadOnlyDictionary<string, EntryText> Texts { get; init; }

    /// <summary>Who wrote the newest version.</summary>
    public required string Author { get; init; }

    /// <summary>What was said about it when it was written or sent back.</summary>
    public string? Note { get; init; }

    /// <summary>When the entry was changed last.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Who changed it last.</summary>
    public required string UpdatedBy { get; init; }

    /// <summary>What may be done with it now: <c>edit</c>, <c>review</c>, <c>return</c>, <c>publish</c>, <c>retire</c>, <c>rollback</c>.</summary>
    public required IReadOnlyList<string> Allowed { get; init; }

    /// <summary>What the checks said when it was published just now.</summary>
    public IReadOnlyList<EntryFinding>? Findings { get; init; }
}

/// <summary>What an entry says in one language.</summary>
/// <param name="Title">Up to 200 characters.</param>
/// <param name="Questions">Ways in which people ask for it, 1 to 200, each up to 300 characters.</param>
/// <param name="Answer">Markdown, up to 8,000 characters.</param>
public sealed record EntryText(string Title, IReadOnlyList<string> Questions, string Answer);

/// <summary>A new entry, or everything that an entry shall say from now on; see <see cref="Entry"/> for the fields.</summary>
public sealed record EntryWrite
{
    /// <summary>Of a new entry; made from the title when it is missing. Changes are sent to the id's address.</summary>
    public string? Id { get; init; }

    /// <summary>Up to 80 characters.</summary>
    public string? Category { get; init; }

    /// <summary>Up to 120 characters.</summary>
    public string? Owner { get; init; }

    /// <summary>Today when it is missing.</summary>
    public DateOnly? ValidFrom { get; init; }

    /// <summary>Not before <see cref="ValidFrom"/>.</summary>
    public DateOnly? ExpiresOn { get; init; }

    /// <summary>Up to 30, each up to 60 characters.</summary>
    public IReadOnlyList<string?>? Tags { get; init; }

    /// <summary>Up to 30.</summary>
    public IReadOnlyList<string?>? Audience { get; init; }

    /// <summary>For <c>tr</c>, <c>en</c> or both.</summary>
    public IReadOnlyDictionary<string, EntryTextWrite?>? Texts { get; init; }

    /// <summary>What changed and why, up to 1,000 characters.</summary>
    public string? Note { get; init; }
}

/// <summary>See <see cref="EntryText"/>.</summary>
public sealed record EntryTextWrite(string? Title, IReadOnlyList<string?>? Questions, string? Answer);

/// <summary>A row of <c>GET /api/v1/knowledge/entries</c>.</summary>
public sealed record EntrySummary
{
    /// <summary>See <see cref="Entry.Id"/>.</summary>
    public required string Id { get; init; }

    /// <summary>The Turkish title, else the one there is.</summary>
    public required string Title { get; init; }

    /// <summary>See <see cref="Entry.Status"/>.</summary>
    public required string Status { get; init; }

    /// <summary>The newest version.</summary>
    public required int Version { get; init; }

    /// <summary>See <see cref="Entry.PublishedVersion"/>.</summary>
    public int? PublishedVersion { get; init; }

    /// <summary>See <see cref="Entry.Revision"/>.</summary>
    public required int Revision { get; init; }

    /// <summary>The category it is filed under.</summary>
    public required string Category { get; init; }

    /// <summary>The department that answers for it.</summary>
    public required string Owner { get; init; }

    /// <summary>The first day on which it is found.</summary>
    public required DateOnly ValidFrom { get; init; }

    /// <summary>The last day on which it is found.</summary>
    public DateOnly? ExpiresOn { get; init; }

    /// <summary>Languages it has texts in, ISO 639-1.</summary>
    public required IReadOnlyList<string> Languages { get; init; }

    /// <summary>See <see cref="Entry.Audience"/>.</summary>
    public required IReadOnlyList<string> Audience { get; init; }

    /// <summary>When the entry was changed last.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Who changed it last.</summary>
    public required string UpdatedBy { get; init; }
}

/// <summary>A version of an entry without its texts: a row of <c>GET /api/v1/knowledge/entries/{id}/versions</c>.</summary>
public record EntryVersionSummary
{
    /// <summary>From 1.</summary>
    public required int Version { get; init; }

    /// <summary>As <see cref="Entry.Status"/>, and <c>superseded</c> for one that a newer one has replaced.</summary>
    public required string Status { get; init; }

    /// <summary>The Turkish title, else the one there is.</summary>
    public required string Title { get; init; }

    /// <summary>Who wrote it.</summary>
    public required string Author { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What was said about it when it was written or sent back.</summary>
    public string? Note { get; init; }

    /// <summary>Who published it; missing when nobody did.</summary>
    public string? PublishedBy { get; init; }

    /// <summary>When it was published last.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>Why it was published although a check advised against it.</summary>
    public string? OverrideReason { get; init; }
}

/// <summary>A version of an entry: <c>GET /api/v1/knowledge/entries/{id}/versions/{version}</c>.</summary>
public sealed record EntryVersion : EntryVersionSummary
{
    /// <summary>The category it was filed under.</summary>
    public required string Category { get; init; }

    /// <summary>The department that answered for it.</summary>
    public required string Owner { get; init; }

    /// <summary>The first day on which it is found.</summary>
    public required DateOnly ValidFrom { get; init; }

    /// <summary>The last day on which it is found.</summary>
    public DateOnly? ExpiresOn { get; init; }

    /// <summary>See <see cref="Entry.Tags"/>.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>See <see cref="Entry.Audience"/>.</summary>
    public required IReadOnlyList<string> Audience { get; init; }

    /// <summary>By language, ISO 639-1.</summary>
    public required IReadOnlyDictionary<string, EntryText> Texts { get; init; }
}

/// <summary>Body of <c>review</c> and <c>return</c>; to send an entry back takes a note.</summary>
public sealed record EntryNote(string? Note);

/// <summary>Body of <c>publish</c>.</summary>
/// <param name="OverrideReason">Why it goes live although a check advises against it; kept with the version.</param>
public sealed record EntryPublish(string? OverrideReason);

/// <summary>Body of <c>retire</c>.</summary>
/// <param name="OverrideReason">Why it goes away although a check advises against it; kept with the version.</param>
public sealed record EntryRetire(string? OverrideReason);

/// <summary>Body of <c>rollback</c>.</summary>
/// <param name="Version">A version that was published once; what it said is published again as a new version.</param>
/// <param name="Note">Why.</param>
/// <param name="OverrideReason">See <see cref="EntryPublish"/>.</param>
public sealed record EntryRollback(int Version, string? Note = null, string? OverrideReason = null);

/// <summary>What a check says about something that is about to be published.</summary>
/// <param name="Code">Stable, lower-case words joined by hyphens.</param>
/// <param name="Sentence">For people.</param>
/// <param name="Blocking">Whether publishing needs a reason in spite of it.</param>
/// <param name="EntryId">The entry that it is about; missing when it is about all of them.</param>
/// <param name="Details">What a page shows beside the sentence; its fields depend on the code.</param>
public sealed record EntryFinding(
    string Code,
    string Sentence,
    bool Blocking,
    string? EntryId = null,
    System.Text.Json.JsonElement? Details = null);

/// <summary>A category or an owner with what is filed there.</summary>
/// <param name="Name">As people read it.</param>
/// <param name="Entries">Entries in any state.</param>
/// <param name="Published">Those that people are answered with.</param>
/// <param name="Documents">Documents in any state.</param>
public sealed record FiledCount(string Name, int Entries, int Published, int Documents);

/// <summary>Body of <c>PUT /api/v1/knowledge/categories/{name}</c>.</summary>
public sealed record CategoryRename(string? Name);

/// <summary>Body of <c>POST /api/v1/knowledge/categories/merge</c>.</summary>
/// <param name="From">Categories that are there no more afterwards.</param>
/// <param name="Into">Where their entries and documents go.</param>
public sealed record CategoryMerge(IReadOnlyList<string>? From, string? Into);

/// <summary>How many were moved to another category.</summary>
public sealed record CategoryMoved(string Name, int Entries, int Documents);

/// <summary>The person or desk that people are sent to when the assistant does not know: <c>/api/v1/knowledge/contact</c>.</summary>
/// <param name="Tr">In Turkish.</param>
/// <param name="En">In English.</param>
public sealed record KnowledgeContact(string? Tr, string? En);

/// <summary>What <c>POST /api/v1/knowledge/import</c> did, or with <c>dry_run</c> would do: all of it or nothing.</summary>
/// <param name="Applied">Whether anything was written.</param>
/// <param name="Failed">Rows with errors; with one of them nothing is written.</param>
/// <param name="Findings">What the checks say about the entries that go live.</param>
public sealed record ImportReport(
    bool Applied,
    int Created,
    int Changed,
    int Unchanged,
    int Failed,
    IReadOnlyList<ImportRow> Rows,
    IReadOnlyList<EntryFinding> Findings);

/// <summary>An entry of an imported file.</summary>
/// <param name="Line">Where it begins in the file, from 1.</param>
/// <param name="Id">The entry's id, also where it was made from the title; missing where there is no such thing.</param>
/// <param name="Outcome"><c>created</c>, <c>changed</c>, <c>unchanged</c> or <c>error</c>.</param>
/// <param name="Errors">Sentences by field.</param>
public sealed record ImportRow(
    int Line,
    string? Id,
    string Outcome,
    IReadOnlyDictionary<string, string[]>? Errors = null);
