namespace Mefapex.Bench.Measuring;

/// <summary>Durations of one kind of call.</summary>
internal sealed class Timings
{
    private readonly Lock _lock = new();
    private readonly List<double> _milliseconds = [];

    public int Count
    {
        get
        {
            lock (_lock)
                return _milliseconds.Count;
        }
    }

    public void Add(TimeSpan duration) => Add(duration.TotalMilliseconds);

    public void Add(double milliseconds)
    {
        lock (_lock)
            _milliseconds.Add(milliseconds);
    }

    public void Clear()
    {
        lock (_lock)
            _milliseconds.Clear();
    }

    /// <summary>Percentiles by the nearest rank, in milliseconds.</summary>
    public Latency Summary()
    {
        double[] sorted;
        lock (_lock)
            sorted = [.. _milliseconds.Order()];
        return new Latency(sorted.Length, At(sorted, 0.50), At(sorted, 0.95), At(sorted, 0.99), At(sorted, 1), sorted.Sum());
    }

    private static double At(double[] sorted, double share) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}

/// <summary>Durations in milliseconds.</summary>
internal sealed record Latency(int Calls, double P50, double P95, double P99, double Max, double Total);
