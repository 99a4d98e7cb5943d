namespace Mefapex.Bench.Measuring;

/// <summary>Where this program was built from.</summary>
internal static class Checkout
{
#if DEBUG
    public const string Configuration = "Debug";
#else
    public const string Configuration = "Release";
#endif

    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mefapex.sln")))
                return folder.FullName;
        }

        throw new BenchException($"{AppContext.BaseDirectory} is not inside a checkout.");
    }
}
