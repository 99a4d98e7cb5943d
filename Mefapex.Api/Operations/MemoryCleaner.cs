using System.Diagnostics;
using Mefapex.Contracts.Operations;

namespace Mefapex.Api.Operations;

/// <summary>What memory this process takes, and giving back what it does not need.</summary>
internal sealed class MemoryCleaner(TimeProvider time)
{
    /// <summary>A full collection stops every request, so it is not done more often.</summary>
    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _cleaning = new();
    private long? _cleaned;

    public MemoryFigures Read()
    {
        var heap = GC.GetGCMemoryInfo();
        using var process = Process.GetCurrentProcess();
        return new MemoryFigures(
            heap.MemoryLoadBytes >= heap.HighMemoryLoadThresholdBytes ? "high" : "normal",
            time.GetUtcNow(),
            Mebibytes(process.WorkingSet64),
            Mebibytes(heap.HeapSizeBytes),
            Mebibytes(heap.FragmentedBytes),
            Mebibytes(heap.TotalCommittedBytes),
            Mebibytes(heap.TotalAvailableMemoryBytes),
            Math.Round(100.0 * heap.MemoryLoadBytes / heap.TotalAvailableMemoryBytes, 1),
            [.. Enumerable.Range(0, GC.MaxGeneration + 1).Select(GC.CollectionCount)],
            heap.PauseTimePercentage,
            ThreadPool.ThreadCount,
            ThreadPool.PendingWorkItemCount);
    }

    /// <returns>The time to wait where it was done a moment ago; else what it brought.</returns>
    public (MemoryCleaned? Cleaned, TimeSpan Wait) Clean()
    {
        lock (_cleaning)
        {
            if (_cleaned is { } last && time.GetElapsedTime(last) is var ago && ago < LeastInterval)
                return (null, LeastInterval - ago);
            var before = GC.GetTotalMemory(forceFullCollection: false);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            var after = GC.GetTotalMemory(forceFullCollection: false);
            _cleaned = time.GetTimestamp();
            using var process = Process.GetCurrentProcess();
            return (
                new MemoryCleaned("success", Mebibytes(Math.Max(0, before - after)), Mebibytes(after), Mebibytes(process.WorkingSet64)),
                TimeSpan.Zero);
        }
    }

    private static double Mebibytes(long bytes) => Math.Round(bytes / (1024.0 * 1024), 1);
}
