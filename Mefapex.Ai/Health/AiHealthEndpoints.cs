using System.Diagnostics;
using Mefapex.Ai.Http;
using Mefapex.Ai.Models;
using Mefapex.Contracts.Ai;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Ai.Health;

internal static class AiHealthEndpoints
{
    public static void MapAiHealth(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/health", Get)
            .WithTags("Health")
            .WithSummary("State of the service and of each kind of model.")
            .Produces<AiHealth>(StatusCodes.Status503ServiceUnavailable);

    private static Results<Ok<AiHealth>, JsonHttpResult<AiHealth>> Get(
        ModelHost models, ServiceIdentity identity, TimeProvider time)
    {
        using var process = Process.GetCurrentProcess();
        var ready = models.Encoder.Current is not null;
        var health = new AiHealth(
            StatusOf(models, ready),
            identity.Version,
            new Dictionary<string, bool>(StringComparer.Ordinal)
            {
                [models.Encoder.Kind] = ready,
                [models.Detector.Kind] = models.Detector.Current is not null,
                ["generation"] = false,
            },
            Mebibytes.Of(process.WorkingSet64),
            Math.Round((time.GetUtcNow() - new DateTimeOffset(process.StartTime)).TotalSeconds, 1));
        return ready ? TypedResults.Ok(health) : TypedResults.Json(health, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static string StatusOf(ModelHost models, bool ready)
    {
        if (models.Encoder.Failure is not null)
            return "unhealthy";
        if (!ready)
            return "starting";
        return models.Detector.Failure is null ? "healthy" : "degraded";
    }
}
