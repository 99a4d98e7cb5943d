using Mefapex.Api.Http;
using Mefapex.Contracts.Knowledge;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Why knowledge was not changed.</summary>
internal static class EntryProblems
{
    public static ProblemHttpResult EntryNotFound(string id) => Of(StatusCodes.Status404NotFound, "entry-not-found", id);

    public static ProblemHttpResult VersionNotFound(string id, int version) =>
        Of(StatusCodes.Status404NotFound, "version-not-found", id, version);

    public static ProblemHttpResult EntryExists(string id) => Of(StatusCodes.Status409Conflict, "entry-exists", id);

    public static ProblemHttpResult WasPublished(string id) => Of(StatusCodes.Status409Conflict, "entry-was-published", id);

    public static ProblemHttpResult NeverPublished(int version) =>
        Of(StatusCodes.Status409Conflict, "version-never-published", version);

    public static ProblemHttpResult FourEyes() => Of(StatusCodes.Status409Conflict, "four-eyes");

    public static ProblemHttpResult FilterInvalid(string parameter, string allowed) =>
        Of(StatusCodes.Status400BadRequest, "filter-invalid", parameter, allowed);

    public static ProblemHttpResult CategoryNotFound(string name) => Of(StatusCodes.Status404NotFound, "category-not-found", name);

    public static ProblemHttpResult CategoryExists(string name) => Of(StatusCodes.Status409Conflict, "category-exists", name);

    public static ProblemHttpResult SynonymsNotFound() => Of(StatusCodes.Status404NotFound, "synonyms-not-found");

    public static ProblemHttpResult PreconditionMissing() => Of(StatusCodes.Status428PreconditionRequired, "precondition-missing");

    /// <summary>Somebody else was faster, where no more is known than that.</summary>
    public static ProblemHttpResult ChangedMeanwhile() =>
        Of(StatusCodes.Status412PreconditionFailed, "changed-meanwhile");

    public static ProblemHttpResult ChangedMeanwhile(KnowledgeEntry present) => Of(
        StatusCodes.Status412PreconditionFailed,
        "changed-meanwhile",
        EntryTexts.Get("entry-changed-meanwhile", present.UpdatedBy, present.UpdatedAt.UtcDateTime, present.Version),
        new()
        {
            ["current_version"] = present.Version,
            ["current_revision"] = present.Revision,
            ["current_status"] = present.Status,
            ["updated_by"] = present.UpdatedBy,
            ["updated_at"] = present.UpdatedAt,
        });

    public static ProblemHttpResult MoveNotAllowed(KnowledgeEntry present, string move)
    {
        var allowed = EntryMoves.Allowed(present);
        return Of(
            StatusCodes.Status409Conflict,
            "move-not-allowed",
            EntryTexts.Get(
                "move-not-allowed",
                EntryTexts.Name(move),
                EntryTexts.Name(present.Status),
                string.Join(", ", allowed.Select(EntryTexts.Name))),
            new() { ["status"] = present.Status, ["allowed"] = allowed });
    }

    public static ProblemHttpResult PublishRefused(IReadOnlyList<EntryFinding> findings) => Refused("publish-refused", findings);

    public static ProblemHttpResult RetireRefused(IReadOnlyList<EntryFinding> findings) => Refused("retire-refused", findings);

    /// <summary>Everything that is wrong with what was sent, by field.</summary>
    public static ProblemHttpResult Invalid(FieldErrors errors) => TypedResults.Problem(new HttpValidationProblemDetails(errors.ToDictionary())
    {
        Status = StatusCodes.Status400BadRequest,
        Type = ProblemTypes.Prefix + "invalid-fields",
        Title = EntryTexts.Get("invalid-fields.title"),
        Detail = EntryTexts.Get("invalid-fields", string.Join(' ', errors.Sentences)),
    });

    public static ProblemHttpResult Of(int status, string slug, string detail, Dictionary<string, object?> extensions) =>
        TypedResults.Problem(new ProblemDetails
        {
            Status = status,
            Type = ProblemTypes.Prefix + slug,
            Title = EntryTexts.Get(slug + ".title"),
            Detail = detail,
            Extensions = extensions,
        });

    public static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, EntryTexts.Get(slug + ".title"), EntryTexts.Get(slug, values));

    private static ProblemHttpResult Refused(string slug, IReadOnlyList<EntryFinding> findings) => Of(
        StatusCodes.Status409Conflict,
        slug,
        EntryTexts.Get(slug, string.Join(' ', findings.Where(f => f.Blocking).Select(f => f.Sentence))),
        new() { ["findings"] = findings });
}

/// <summary>What is wrong with a request, by field.</summary>
internal sealed class FieldErrors
{
    private readonly List<(string Field, string Sentence)> _errors = [];

    public FieldErrors()
    {
    }

    public FieldErrors(FieldErrors known) => _errors.AddRange(known._errors);

    public bool Any => _errors.Count > 0;

    public IEnumerable<string> Sentences => _errors.Select(e => e.Sentence);

    /// <param name="field">As JSON names it: <c>texts.tr.questions[3]</c>.</param>
    /// <param name="key">Of <see cref="EntryTexts"/>; the sentence names the field itself.</param>
    public void Add(string field, string key, params object[] values) => _errors.Add((field, EntryTexts.Get(key, [field, .. values])));

    public Dictionary<string, string[]> ToDictionary() => _errors
        .GroupBy(e => e.Field, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.Select(e => e.Sentence).ToArray(), StringComparer.Ordinal);
}
