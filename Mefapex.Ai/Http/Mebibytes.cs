namespace Mefapex.Ai.Http;

internal static class Mebibytes
{
    public static double Of(long bytes) => Math.Round(bytes / (1024.0 * 1024), 1);
}
