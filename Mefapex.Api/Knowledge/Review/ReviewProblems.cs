using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>The problems of the tools for editors.</summary>
internal static class ReviewProblems
{
    public static ProblemHttpResult LabelNotFound() => Of(StatusCodes.Status404NotFound, "label-not-found");

    public static ProblemHttpResult LabelExists(string question) => Of(StatusCodes.Status409Conflict, "label-exists", question);

    public static ProblemHttpResult LabelsFull(int limit) => Of(StatusCodes.Status409Conflict, "labels-full", limit);

    public static ProblemHttpResult LabelsTooFew(int least, int given) => Of(StatusCodes.Status409Conflict, "labels-too-few", least, given);

    public static ProblemHttpResult CalibrationNotFound() => Of(StatusCodes.Status404NotFound, "calibration-not-found");

    public static ProblemHttpResult ExchangeNotFound() => Of(StatusCodes.Status404NotFound, "exchange-not-found");

    public static ProblemHttpResult GroupNotFound() => Of(StatusCodes.Status404NotFound, "unanswered-group-not-found");

    public static ProblemHttpResult DaysOutOfRange(int least, int most) => Of(StatusCodes.Status400BadRequest, "days-out-of-range", least, most);

    public static ProblemHttpResult BenchQuestion(int limit) => Of(StatusCodes.Status400BadRequest, "bench-question", limit);

    /// <param name="what">A whole sentence.</param>
    public static ProblemHttpResult LabelInvalid(string what) =>
        Problems.Of(StatusCodes.Status400BadRequest, "label-invalid", ReviewTexts.Get("label-invalid.title"), what);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, ReviewTexts.Get(slug + ".title"), ReviewTexts.Format(slug, values));
}
