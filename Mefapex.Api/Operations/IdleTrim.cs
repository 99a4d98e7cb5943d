using Mefapex.Api.Data;

namespace Mefapex.Api.Operations;

/// <summary>
/// Gives memory back once nobody asks for anything: what a busy time left behind would else stay until the next one. The
/// collection stops this process for about a tenth of a second.
/// </summary>
internal sealed class IdleTrim(Recurrence recurrence) : BackgroundService
{
    private const long QuietBytes = 4 * 1024 * 1024;
    private const long WorthwhileBytes = 32 * 1024 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private long _allocated;
    private long _trimmed;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        recurrence.EveryAsync(Interval, nameof(IdleTrim), TrimWhenIdleAsync, stoppingToken);

    private Task TrimWhenIdleAsync(CancellationToken cancellationToken)
    {
        var before = _allocated;
        _allocated = GC.GetTotalAllocatedBytes();
        if (_allocated - before > QuietBytes || _allocated - _trimmed < WorthwhileBytes)
            return Task.CompletedTask;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _trimmed = _allocated;
        return Task.CompletedTask;
    }
}
