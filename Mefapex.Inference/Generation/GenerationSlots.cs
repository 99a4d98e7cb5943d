using Mefapex.Inference.Serving;

namespace Mefapex.Inference.Generation;

/// <summary>Lets a number of generations run at once and a number of others wait, none for too long.</summary>
internal sealed class GenerationSlots(int maxConcurrent, int maxQueued, TimeSpan maxWait, TimeProvider time) : IDisposable
{
    // How much the last answer counts in the estimate of the next one's duration.
    private const double Newest = 0.25;

    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _free = new(maxConcurrent, maxConcurrent);
    private int _waiting;
    private double _meanSeconds;

    /// <summary>Takes a slot, which <see cref="Leave"/> gives back.</summary>
    /// <returns>When it was taken.</returns>
    /// <exception cref="ModelBusyException">Too many wait already, or none became free in time.</exception>
    public async Task<long> EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_free.Wait(0, CancellationToken.None))
            return time.GetTimestamp();
        var before = Interlocked.Increment(ref _waiting) - 1;
        try
        {
            if (before >= maxQueued)
                throw Busy($"it answers {maxConcurrent} requests at once and {before} wait", before);
            if (!await _free.WaitAsync(maxWait, cancellationToken))
                throw Busy($"no other request was finished within {maxWait.TotalSeconds} s", before);
            return time.GetTimestamp();
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Leave(long entered)
    {
        var took = time.GetElapsedTime(entered).TotalSeconds;
        var mean = Volatile.Read(ref _meanSeconds);
        Volatile.Write(ref _meanSeconds, mean > 0 ? mean + (Newest * (took - mean)) : took);
        _free.Release();
    }

    public void Dispose() => _free.Dispose();

    private ModelBusyException Busy(string cause, int waiting)
    {
        var seconds = Volatile.Read(ref _meanSeconds) * (waiting + 1) / maxConcurrent;
        return new ModelBusyException(
            BusyCause.QueueFull,
            $"The language model is busy: {cause}.",
            TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(seconds), 1, LongestRetry.TotalSeconds)));
    }
}
