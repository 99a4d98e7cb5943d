namespace Mefapex.Cli;

/// <summary>A NuGet package that the setup makes.</summary>
internal sealed record MadePackage(string Id, string Version)
{
    public string FileName => $"{Id}.{Version}.nupkg";
}

/// <summary>How to make some of the packages that a partial registry lacks.</summary>
/// <param name="Name">What to call it while it is under way.</param>
/// <param name="Packages">What comes out.</param>
/// <param name="Inputs">Everything the outcome depends on; when it changes, the packages are made anew.</param>
/// <param name="MakeAsync">Makes them: scratch folder, folder for the .nupkg files, cancellation.</param>
internal sealed record Recipe(
    string Name,
    IReadOnlyList<MadePackage> Packages,
    IReadOnlyList<string> Inputs,
    Func<string, string, CancellationToken, Task> MakeAsync);
