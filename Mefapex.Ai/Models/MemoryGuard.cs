using Mefapex.Ai.Http;
using Mefapex.Inference.Serving;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

/// <summary>
/// Looks at the process's memory. Above the threshold it unloads models that nobody used since its last look, empties
/// the cache and collects garbage; the runtime is made to collect in an interval where that is configured.
/// </summary>
internal sealed partial class MemoryGuard(
    IEnumerable<ModelRegistration> models,
    VectorCache cache,
    MemoryBudget budget,
    IOptions<ModelOptions> options,
    TimeProvider time,
    ILogger<MemoryGuard> logger)
    : BackgroundService
{
    /// <summary>Below this part of the threshold the pressure is over, so that it does not come and go.</summary>
    private const double Relief = 0.9;

    private static readonly TimeSpan CollectAgain = TimeSpan.FromMinutes(1);

    private readonly long _threshold = options.Value.ThresholdOf(budget);
    private long _lastCollection = time.GetTimestamp();

    /// <summary>Whether the process holds more than its threshold.</summary>
    public bool UnderPressure { get; private set; }

    /// <summary>Unloads the models that nobody used for this long, empties the cache and collects garbage.</summary>
    public Relieved Relieve(TimeSpan unused, UnloadReason reason)
    {
        var before = budget.Resident;
        var unloaded = models.Where(model => model.Slot.TryUnloadIdle(unused, reason)).Select(model => model.Slot.Kind).ToArray();
        var entries = cache.Clear();
        Collect();
        return new Relieved(unloaded, entries, Math.Max(0, before - budget.Resident));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (look, collect) = (options.Value.MemoryCheckSeconds, options.Value.ForceGcSeconds);
        var interval = TimeSpan.FromSeconds(collect > 0 ? Math.Min(look, collect) : look);
        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            Look(interval);
    }

    /// <summary>One look; <paramref name="interval"/> is the time since the last one.</summary>
    internal void Look(TimeSpan interval)
    {
        var resident = budget.Resident;
        if (!UnderPressure && resident > _threshold)
        {
            UnderPressure = true;
            LogPressure(Mebibytes.Of(resident), Mebibytes.Of(_threshold));
            Relieve(interval, UnloadReason.Memory);
        }
        else if (UnderPressure && resident < _threshold * Relief)
        {
            UnderPressure = false;
            LogRelief(Mebibytes.Of(resident), Mebibytes.Of(_threshold));
        }
        else if (UnderPressure)
        {
            foreach (var model in models)
                model.Slot.TryUnloadIdle(interval, UnloadReason.Memory);
            cache.Clear();
            if (time.GetElapsedTime(_lastCollection) >= CollectAgain)
                Collect();
        }

        if (options.Value.ForceGcSeconds > 0 &&
            time.GetElapsedTime(_lastCollection) >= TimeSpan.FromSeconds(options.Value.ForceGcSeconds))
        {
            Collect();
        }
    }

    private void Collect()
    {
        var freed = ProcessMemory.Collect();
        _lastCollection = time.GetTimestamp();
        LogCollected(Mebibytes.Of(freed));
    }

    [LoggerMessage(LogLevel.Warning, "Memory of {ResidentMb} MiB is above the threshold of {ThresholdMb} MiB: unused models " +
        "are unloaded and no vectors kept until it is below.")]
    private partial void LogPressure(double residentMb, double thresholdMb);

    [LoggerMessage(LogLevel.Information, "Memory of {ResidentMb} MiB is below the threshold of {ThresholdMb} MiB again.")]
    private partial void LogRelief(double residentMb, double thresholdMb);

    [LoggerMessage(LogLevel.Debug, "Collected garbage: {FreedMb} MiB given back.")]
    private partial void LogCollected(double freedMb);
}

/// <summary>What a relief brought.</summary>
internal sealed record Relieved(IReadOnlyList<string> Unloaded, int CacheEntries, long FreedBytes);
