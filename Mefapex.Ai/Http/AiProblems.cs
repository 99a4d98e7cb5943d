using Mefapex.Ai.Models;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Ai.Http;

/// <summary>The service's error answers. Its callers are programs inside the network, so the texts are English.</summary>
internal static class AiProblems
{
    public static ProblemHttpResult EmptyText(string what) => Make(
        StatusCodes.Status400BadRequest, "empty-text", "Empty text", $"{what} is empty; send at least one visible character.");

    public static ProblemHttpResult TextTooLong(string what, int length, int limit) => Make(
        StatusCodes.Status400BadRequest,
        "text-too-long",
        "Text too long",
        $"{what} has {length} characters; at most {limit} are read. Split it into passages.");

    public static ProblemHttpResult BatchSize(int count, int limit) => Make(
        StatusCodes.Status400BadRequest,
        "batch-size",
        "Wrong batch size",
        $"The batch has {count} texts; send 1 to {limit}.");

    public static ProblemHttpResult Busy(int retryAfterSeconds) => Make(
        StatusCodes.Status429TooManyRequests,
        "busy",
        "Too many requests",
        $"All workers are busy and the queue is full; try again in {retryAfterSeconds} s.");

    public static ProblemHttpResult Unavailable<T>(ModelSlot<T> slot)
        where T : class => Make(
        StatusCodes.Status503ServiceUnavailable,
        "model-unavailable",
        "Model unavailable",
        slot.Failure is null
            ? $"The {slot.Kind} model is being loaded; try again in a moment."
            : $"The {slot.Kind} model cannot be used; the service's log and /health/ready say why.");

    private static ProblemHttpResult Make(int status, string slug, string title, string detail) =>
        TypedResults.Problem(detail, statusCode: status, title: title, type: ProblemTypes.Prefix + slug);
}
