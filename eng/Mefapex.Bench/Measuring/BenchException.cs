namespace Mefapex.Bench.Measuring;

/// <summary>A benchmark cannot be run; the message says why and what to do.</summary>
internal sealed class BenchException(string message) : Exception(message);
