using System.Runtime.InteropServices;

namespace Mefapex.Inference.Onnx;

/// <summary>How the C library keeps memory that ONNX Runtime has freed.</summary>
internal static partial class NativeHeap
{
    // Parameters of glibc's mallopt(3).
    private const int TrimThreshold = -1;
    private const int MmapThreshold = -3;
    private const int Bytes = 128 * 1024;

    /// <summary>
    /// Holds glibc to its initial thresholds. Left alone it raises them with the largest block it has seen freed, up to
    /// 32 MiB, and keeps the blocks of a batch for good. Other C libraries have no such habit and no such function.
    /// </summary>
    public static void ReturnFreedMemory()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = SetOption(MmapThreshold, Bytes);
            _ = SetOption(TrimThreshold, Bytes);
        }
        catch (EntryPointNotFoundException)
        {
            // musl
        }
    }

    /// <summary>Gives the pages of freed blocks back to the system, where the C library can.</summary>
    public static void Trim()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = TrimHeap(0);
        }
        catch (EntryPointNotFoundException)
        {
            // musl
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimHeap(nuint keep);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int parameter, int value);
}
