using Mefapex.Api.Ingestion.Readers;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Contracts.Knowledge;
using Mefapex.ServiceDefaults;

namespace Mefapex.Api.Ingestion;

internal static class DocumentMapping
{
    /// <summary>The document with its versions, which must be loaded.</summary>
    public static DocumentRecord ToWire(this Document document)
    {
        var versions = document.Versions.OrderByDescending(v => v.Version).Select(ToWire).ToList();
        var newest = versions[0];
        return new(
            document.Id,
            document.Title,
            document.Category,
            document.Owner,
            document.Audience,
            document.Origin,
            document.OriginPath,
            document.CurrentVersion,
            document.Revision,
            newest.Status,
            newest.Progress,
            newest.Problem,
            newest.Notice,
            document.CreatedAt,
            document.UpdatedAt,
            document.UpdatedBy,
            versions);
    }

    public static DocumentVersionRecord ToWire(this DocumentVersion version) => new(
        version.Version,
        version.FileName,
        version.MediaType,
        version.Bytes,
        version.Sha256,
        version.Status,
        new(
            version.Step,
            version.ProgressDone,
            version.ProgressTotal,
            IngestionStep.PercentOf(version.Step, version.ProgressDone, version.ProgressTotal)),
        version.Pages,
        version.EmptyPages,
        version.Problem is { } problem ? new(ProblemTypes.Prefix + problem, Sentence(problem, version.ProblemDetail)) : null,
        version.EmptyPages.Length > 0 ? IngestionTexts.EmptyPages(version.EmptyPages, version.Pages ?? 0) : null,
        version.Attempts,
        version.CreatedAt,
        version.CreatedBy,
        version.FinishedAt);

    /// <summary>What a problem says to people, its detail put in where the sentence has a place for it.</summary>
    public static string Sentence(string problem, string? detail) => IngestionTexts.Detail(
        problem, problem == FileProblem.ContentMismatch ? IngestionTexts.Kind(detail ?? "") : detail);
}
