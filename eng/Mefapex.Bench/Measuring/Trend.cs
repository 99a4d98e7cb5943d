namespace Mefapex.Bench.Measuring;

/// <summary>A straight line through samples.</summary>
internal static class Trend
{
    /// <summary>Slope of the least-squares line, in units of y per unit of x; 0 for fewer than two samples.</summary>
    public static double Slope(IReadOnlyCollection<(double X, double Y)> samples)
    {
        if (samples.Count < 2)
            return 0;
        var meanX = samples.Average(sample => sample.X);
        var meanY = samples.Average(sample => sample.Y);
        var spread = samples.Sum(sample => (sample.X - meanX) * (sample.X - meanX));
        return spread == 0 ? 0 : samples.Sum(sample => (sample.X - meanX) * (sample.Y - meanY)) / spread;
    }
}
