using Mefapex.Inference.Onnx;

namespace Mefapex.Inference.Serving;

/// <summary>Memory of the whole process.</summary>
public static class ProcessMemory
{
    /// <summary>Collects all garbage, compacts the managed heap and gives what is free to the system. Takes tens of
    /// milliseconds, during which managed code stands still.</summary>
    /// <returns>By how many bytes resident memory shrank; 0 where it did not.</returns>
    public static long Collect()
    {
        var before = Environment.WorkingSet;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        NativeHeap.Trim();
        return Math.Max(0, before - Environment.WorkingSet);
    }
}
