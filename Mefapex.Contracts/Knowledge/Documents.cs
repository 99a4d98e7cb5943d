namespace Mefapex.Contracts.Knowledge;

/// <summary>A document: what people know it by, and the files it has had.</summary>
/// <param name="Audience">Whom it is for: <c>role:…</c> and <c>group:…</c>; empty for everybody.</param>
/// <param name="Origin"><c>upload</c> or <c>folder</c>.</param>
/// <param name="OriginPath">Path within the watched folder.</param>
/// <param name="CurrentVersion">The version that is searched; null until the first one is.</param>
/// <param name="Revision">One more with each change; the number in the ETag.</param>
/// <param name="Status">Of the newest version, see <see cref="DocumentVersionRecord"/>.</param>
/// <param name="Progress">Of the newest version.</param>
/// <param name="Problem">Of the newest version; null while nothing is wrong.</param>
/// <param name="Notice">What an editor should know although the document is searched, such as pages without text.</param>
/// <param name="Versions">Newest first.</param>
public sealed record DocumentRecord(
    Guid Id,
    string Title,
    string Category,
    string Owner,
    IReadOnlyList<string> Audience,
    string Origin,
    string? OriginPath,
    int? CurrentVersion,
    int Revision,
    string Status,
    IngestionProgress Progress,
    DocumentProblem? Problem,
    string? Notice,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string UpdatedBy,
    IReadOnlyList<DocumentVersionRecord> Versions);

/// <summary>One file of a document.</summary>
/// <param name="Status"><c>waiting</c>, <c>running</c>, <c>live</c>, <c>replaced</c>, <c>failed</c> or <c>quarantined</c>.</param>
/// <param name="Pages">Null where the format has no pages, or they are not counted yet.</param>
/// <param name="EmptyPages">Pages without text, from 1: scanned ones.</param>
/// <param name="Attempts">How often the present step was begun.</param>
/// <param name="FinishedAt">When it went live, was replaced, or failed.</param>
public sealed record DocumentVersionRecord(
    int Version,
    string FileName,
    string MediaType,
    long Bytes,
    string Sha256,
    string Status,
    IngestionProgress Progress,
    int? Pages,
    IReadOnlyList<int> EmptyPages,
    DocumentProblem? Problem,
    string? Notice,
    int Attempts,
    DateTimeOffset CreatedAt,
    string CreatedBy,
    DateTimeOffset? FinishedAt);

/// <summary>How far a file has come.</summary>
/// <param name="Step"><c>extract</c>, <c>chunk</c>, <c>embed</c>, <c>index</c>, <c>switch</c> or <c>done</c>.</param>
/// <param name="Done">Units of the step that are done, of <paramref name="Total"/>; both 0 where it does not count.</param>
/// <param name="Percent">Of the whole way.</param>
public sealed record IngestionProgress(string Step, int Done, int Total, int Percent);

/// <summary>What is wrong with a file.</summary>
/// <param name="Type">Stable, like the type of problem details.</param>
/// <param name="Detail">A sentence in the language of the request.</param>
public sealed record DocumentProblem(string Type, string Detail);

/// <summary>What may be changed of a document; what is left out stays.</summary>
public sealed record DocumentChange(string? Title, string? Category, string? Owner, IReadOnlyList<string>? Audience);

/// <summary>A part of a version's text, for showing what was cited.</summary>
/// <param name="Start">Index of the first character, UTF-16.</param>
/// <param name="End">Index after the last one.</param>
/// <param name="Length">Of the whole text.</param>
public sealed record DocumentText(Guid DocumentId, int Version, string Title, int Start, int End, int Length, string Text);

/// <summary>Names of the server-sent events of <c>GET /api/v1/knowledge/documents/{id}/events</c>.</summary>
public static class DocumentEvents
{
    /// <summary>The newest version has come further: <see cref="DocumentVersionRecord"/>.</summary>
    public const string Progress = "progress";

    /// <summary>Last: the work has ended, well or not: <see cref="DocumentVersionRecord"/>.</summary>
    public const string Done = "done";
}
