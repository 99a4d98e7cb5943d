using Mefapex.Ai.Generation;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Generation;
using Mefapex.Inference.Serving;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Ai.Http;

/// <summary>The service's error answers. Its callers are programs inside the network, so the texts are English.</summary>
internal static class AiProblems
{
    public static ProblemHttpResult EmptyText(string what) => Make(
        StatusCodes.Status400BadRequest, "empty-text", "Empty text", $"{what} is empty; send at least one visible character.");

    public static ProblemHttpResult InvalidText(string what) => Make(
        StatusCodes.Status400BadRequest,
        ProblemTypes.InvalidUtf8[ProblemTypes.Prefix.Length..],
        "Not UTF-8",
        $"{what} holds bytes that are not UTF-8, or half of a surrogate pair. Send the JSON encoded in UTF-8.");

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

    /// <summary>A field that cannot be followed; <paramref name="parameter"/> is named in a member of its own.</summary>
    public static ProblemHttpResult Invalid(string parameter, string detail) => Make(
        StatusCodes.Status400BadRequest, "invalid-parameter", "Request not understood", detail, parameter);

    public static ProblemHttpResult TooManyTokens(string what, int limit) => Make(
        StatusCodes.Status413PayloadTooLarge,
        "too-many-tokens",
        "Text too long",
        $"{what} has more than the {limit} tokens that the model reads. Split it, or send truncate: true to use its beginning.");

    public static ProblemHttpResult UnknownModel(string asked, string there) => Make(
        StatusCodes.Status404NotFound,
        "model-not-found",
        "Unknown model",
        $"There is no model '{asked}' for this; '{there}' is what runs here.",
        "model");

    public static ProblemHttpResult Busy(ModelBusyException busy) => busy.Cause switch
    {
        BusyCause.QueueFull => Make(
            StatusCodes.Status429TooManyRequests,
            "busy",
            "Too many requests",
            $"{busy.Message} Try again in {busy.RetryAfter.TotalSeconds:F0} s."),
        BusyCause.DeadlineTooShort => Make(
            StatusCodes.Status429TooManyRequests,
            "deadline-too-short",
            "Not possible in time",
            $"{busy.Message} Try again later or allow more time in {AiHeaders.TimeoutMs}."),
        _ => Make(
            StatusCodes.Status504GatewayTimeout,
            "deadline-passed",
            "Not ready in time",
            $"{busy.Message} Try again later or allow more time in {AiHeaders.TimeoutMs}."),
    };

    // Why a model failed may name folders of the machine: only the log and readiness, inside the network, say it.
    public static ProblemHttpResult Unavailable(ModelUnavailableException unavailable) => unavailable.Cause switch
    {
        ModelUnavailability.Disabled => Make(
            StatusCodes.Status503ServiceUnavailable, "models-disabled", "Models are switched off", unavailable.Message),
        ModelUnavailability.Emergency => Make(
            StatusCodes.Status503ServiceUnavailable, "emergency-mode", "Emergency mode", unavailable.Message),
        _ => Make(
            StatusCodes.Status503ServiceUnavailable,
            "model-unavailable",
            "Model unavailable",
            $"The {unavailable.Kind} model cannot be used; the service's log and /health/ready say why."),
    };

    public static ProblemHttpResult WrongOutput() => Make(
        StatusCodes.Status500InternalServerError,
        "model-wrong-output",
        "The model gave no usable answer",
        "The model computed something that is not a number or failed while it computed; the service's log says which model.");

    public static ProblemHttpResult GeneratorNotConfigured() => Make(
        StatusCodes.Status503ServiceUnavailable,
        "generator-not-configured",
        "No language model",
        $"This service has no language model. Set {GenerationOptions.Section}:{nameof(GenerationOptions.Path)} or " +
        $"{GenerationOptions.PathVariable} to the folder of one in the layout of ONNX Runtime GenAI.");

    public static ProblemHttpResult MaxLength(int asked, int limit) => Make(
        StatusCodes.Status400BadRequest,
        "max-length",
        "Wrong length",
        $"max_length is {asked}; send 1 to {limit} tokens.");

    public static ProblemHttpResult PromptTooLong(PromptTooLongException exception) => Make(
        StatusCodes.Status400BadRequest, "prompt-too-long", "Prompt too long", exception.Message);

    public static ProblemHttpResult PromptRefused(PromptRefusedException exception) => Make(
        StatusCodes.Status400BadRequest, "prompt-refused", "Prompt refused", exception.Message);

    private static ProblemHttpResult Make(int status, string slug, string title, string detail, string? parameter = null) =>
        TypedResults.Problem(
            detail,
            statusCode: status,
            title: title,
            type: ProblemTypes.Prefix + slug,
            extensions: parameter is null ? null : [new(ForeignErrors.Parameter, parameter)]);
}
