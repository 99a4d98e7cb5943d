using System.Globalization;
using Mefapex.Api.Http;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Ingestion;

/// <summary>What can go wrong with a request about documents.</summary>
internal static class DocumentProblems
{
    public static ProblemHttpResult FileMissing() => Of(StatusCodes.Status400BadRequest, "file-missing");

    public static ProblemHttpResult FileTooLarge(long limit) => Of(
        StatusCodes.Status413PayloadTooLarge,
        "file-too-large",
        (limit / (1024d * 1024)).ToString("0.##", CultureInfo.CurrentCulture));

    /// <param name="limit">The most characters it takes.</param>
    public static ProblemHttpResult FieldInvalid(string field, int limit) =>
        Of(StatusCodes.Status400BadRequest, "field-invalid", field, limit);

    public static ProblemHttpResult NotFound() => Of(StatusCodes.Status404NotFound, "document-not-found");

    public static ProblemHttpResult VersionNotFound() => Of(StatusCodes.Status404NotFound, "version-not-found");

    public static ProblemHttpResult SameFile(string title) => Of(StatusCodes.Status409Conflict, "document-same-file", title);

    public static ProblemHttpResult RetryNotNeeded(string status) => Of(StatusCodes.Status409Conflict, "retry-not-needed", status);

    public static ProblemHttpResult PreconditionMissing() => Of(StatusCodes.Status428PreconditionRequired, "precondition-missing");

    public static ProblemHttpResult StatusInvalid() =>
        Of(StatusCodes.Status400BadRequest, "status-invalid", string.Join(", ", DocumentStatus.All));

    /// <summary>Carries the document as it is now, so that the change can be made anew.</summary>
    public static ProblemHttpResult Changed(Document document) => TypedResults.Problem(
        statusCode: StatusCodes.Status412PreconditionFailed,
        type: ProblemTypes.Prefix + "document-changed",
        title: IngestionTexts.Title("document-changed"),
        detail: IngestionTexts.Detail("document-changed", document.Revision),
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["current"] = document.ToWire() });

    /// <summary>A file that is refused before any work is done on it.</summary>
    public static ProblemHttpResult Refused(UnreadableFileException refusal)
    {
        var isOtherType = refusal.Problem is FileProblem.UnknownFormat or FileProblem.MediaTypeMismatch or FileProblem.ContentMismatch;
        return Problems.Of(
            isOtherType ? StatusCodes.Status415UnsupportedMediaType : StatusCodes.Status422UnprocessableEntity,
            refusal.Problem,
            IngestionTexts.Title(refusal.Problem),
            DocumentMapping.Sentence(refusal.Problem, refusal.Detail));
    }

    private static ProblemHttpResult Of(int status, string slug, params object?[] values) =>
        Problems.Of(status, slug, IngestionTexts.Title(slug), IngestionTexts.Detail(slug, values));
}
