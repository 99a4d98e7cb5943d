using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>The problems of the tools for editors.</summary>
internal static class ReviewProblems
{
    public static ProblemHttpResult LabelNotFound() => Of(StatusCodes.Status404NotFound, "label-not-found");

    public static ProblemHttpResult LabelExists(string question) => Of(StatusCodes.Status409Conflict, "label-exists", question);

    public static ProblemHttpResult LabelsFull(int limit) => Of(StatusCodes.Status409Conflict, "labels-full", limit);

    /// <param name="what">A whole sentence.</param>
    public static ProblemHttpResult LabelInvalid(string what) =>
        Problems.Of(StatusCodes.Status400BadRequest, "label-invalid", ReviewTexts.Get("label-invalid.title"), what);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, ReviewTexts.Get(slug + ".title"), ReviewTexts.Format(slug, values));
}
