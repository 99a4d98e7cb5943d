using System.Diagnostics;
using Mefapex.Ai.Http;
using Mefapex.Ai.Models;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Health;

internal static class AiHealthEndpoints
{
    public static void MapAiHealth(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/health", Get)
            .WithTags("Health")
            .WithSummary("State of the service and of each kind of model.")
            .Produces<AiHealth>(StatusCodes.Status503ServiceUnavailable);

    private static Results<Ok<AiHealth>, JsonHttpResult<AiHealth>> Get(
        ModelSlot<ITextEncoder> encoder,
        IEnumerable<ModelRegistration> models,
        IOptions<ModelOptions> options,
        ServiceIdentity identity,
        TimeProvider time)
    {
        using var process = Process.GetCurrentProcess();
        var states = models.Select(model => (Model: model, model.Slot.Status)).ToArray();
        var available = new Dictionary<string, bool>(StringComparer.Ordinal)
        {
            ["embedding"] = false,
            ["language"] = false,
            ["generation"] = false,
        };
        foreach (var (model, state) in states)
            available[model.Slot.Kind] = !options.Value.Disabled && model.IsUsable(state);

        var status = options.Value.Disabled ? "disabled" : StatusOf(states, encoder);
        var health = new AiHealth(
            status,
            identity.Version,
            available,
            Mebibytes.Of(process.WorkingSet64),
            Math.Round((time.GetUtcNow() - new DateTimeOffset(process.StartTime)).TotalSeconds, 1));
        return status is "starting" or "unhealthy"
            ? TypedResults.Json(health, statusCode: StatusCodes.Status503ServiceUnavailable)
            : TypedResults.Ok(health);
    }

    private static string StatusOf((ModelRegistration Model, ModelStatus Status)[] states, ModelSlot encoder)
    {
        var (model, status) = states.First(state => state.Model.Slot == encoder);
        if (status.Failure is not null)
            return "unhealthy";
        if (model.IsStarting(status))
            return "starting";
        return states.Any(state => state.Status.Failure is not null) ? "degraded" : "healthy";
    }
}
