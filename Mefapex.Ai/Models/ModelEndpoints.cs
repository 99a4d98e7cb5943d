using System.Text.Json;
using Mefapex.Ai.Http;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Serving;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

internal static class ModelEndpoints
{
    /// <summary>A clean-up unloads models that nobody used for this long.</summary>
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(1);

    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Models");
        group.MapGet("/models/info", Info).WithSummary("Loaded models, memory, cache and loading figures.");
        group.MapGet("/stats/lazy-loading", Stats).WithSummary("How often each model was loaded and unloaded.");
        group.MapPost("/models/warmup", WarmUpAsync)
            .WithSummary("Loads every model and waits until all are ready.")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapPost("/models/cleanup", CleanUp)
            .WithSummary("Unloads models unused for a minute, empties the cache and collects garbage.");
        group.MapPost("/models/unload", UnloadAsync)
            .WithSummary("Unloads every model once the requests that use it are answered; the next request loads it again.");
    }

    private static Ok<ModelsInfo> Info(
        IEnumerable<ModelRegistration> models,
        VectorCache cache,
        MemoryBudget budget,
        MemoryGuard guard,
        IOptions<ModelOptions> options)
    {
        var known = cache.Status;
        return TypedResults.Ok(new ModelsInfo(
            [.. models.Select(model => Describe(model.Slot)).OfType<ModelInfo>().OrderBy(model => model.Kind, StringComparer.Ordinal)],
            "cpu",
            new MemoryUsage(
                Mebibytes.Of(budget.Resident),
                Mebibytes.Of(GC.GetTotalMemory(forceFullCollection: false)),
                Mebibytes.Of(budget.Limit),
                Mebibytes.Of(options.Value.ThresholdOf(budget)),
                guard.UnderPressure,
                budget.Emergency),
            cache.Enabled
                ? new EmbeddingCacheInfo(Enabled: true, known.Entries, known.Hits, known.Misses, cache.Capacity)
                : new EmbeddingCacheInfo(Enabled: false),
            StatsOf(models, options.Value)));
    }

    private static Ok<LazyLoadingAnswer> Stats(IEnumerable<ModelRegistration> models, IOptions<ModelOptions> options) =>
        TypedResults.Ok(new LazyLoadingAnswer(StatsOf(models, options.Value)));

    private static async Task<Ok<ModelsAction>> WarmUpAsync(
        IEnumerable<ModelRegistration> models, MemoryBudget budget, CancellationToken cancellationToken)
    {
        var kinds = new List<string>();
        foreach (var model in models)
        {
            await model.Slot.WarmUpAsync(cancellationToken);
            kinds.Add(model.Slot.Kind);
        }

        return TypedResults.Ok(new ModelsAction("All models are ready.", kinds, Mebibytes.Of(budget.Resident)));
    }

    private static Ok<ModelsAction> CleanUp(MemoryGuard guard, MemoryBudget budget)
    {
        var relieved = guard.Relieve(Unused, UnloadReason.Requested);
        return TypedResults.Ok(new ModelsAction(
            "Unused models are unloaded, the cache is empty and garbage collected.",
            relieved.Unloaded,
            Mebibytes.Of(budget.Resident),
            relieved.CacheEntries,
            Mebibytes.Of(relieved.FreedBytes)));
    }

    private static async Task<Ok<ModelsAction>> UnloadAsync(
        IEnumerable<ModelRegistration> models, MemoryBudget budget, CancellationToken cancellationToken)
    {
        var before = budget.Resident;
        var kinds = new List<string>();
        foreach (var model in models)
        {
            if (await model.Slot.UnloadAsync(UnloadReason.Requested, cancellationToken))
                kinds.Add(model.Slot.Kind);
        }

        ProcessMemory.Collect();
        var after = budget.Resident;
        return TypedResults.Ok(new ModelsAction(
            kinds.Count > 0 ? "The models are unloaded; the next request loads what it needs." : "No model was loaded.",
            kinds,
            Mebibytes.Of(after),
            FreedMb: Mebibytes.Of(Math.Max(0, before - after))));
    }

    private static LazyLoadingStats StatsOf(IEnumerable<ModelRegistration> models, ModelOptions options)
    {
        var stats = models.Select(model => (model.Slot.Kind, model.Slot.Status)).OrderBy(model => model.Kind, StringComparer.Ordinal)
            .Select(model => new ModelLoadingStats(
                model.Kind,
                NameOf(model.Status.State),
                model.Status.Loads,
                model.Status.Unloads,
                model.Status.LoadFailures,
                model.Status.Leases,
                model.Status.RetryAt))
            .ToArray();
        return new LazyLoadingStats(
            options.IsLazy,
            stats.Sum(model => model.Loads),
            stats.Sum(model => model.Unloads),
            stats.Sum(model => model.LoadFailures),
            options.IdleUnloadMinutes,
            stats);
    }

    private static ModelInfo? Describe(ModelSlot slot) => slot.Status switch
    {
        { Manifest: { } manifest, Memory: { } memory } status => new ModelInfo(
            manifest.Name,
            manifest.Version,
            manifest.Task,
            manifest.Languages,
            manifest.Sha256,
            manifest.Bytes,
            manifest.Dimensions,
            status.LoadedAt.GetValueOrDefault(),
            Math.Round(status.LoadTook.GetValueOrDefault().TotalMilliseconds, 1),
            slot.Kind,
            NameOf(status.State),
            Mebibytes.Of(memory.Bytes),
            NameOf(memory.Source),
            status.LastUsedAt.GetValueOrDefault()),
        _ => null,
    };

    private static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
