using System.Security.Cryptography;
using System.Text;

namespace Mefapex.Cli;

/// <summary>Keeps the local feed: makes what is missing or out of date, and leaves the rest alone.</summary>
internal sealed class FeedMaker(Workspace workspace, Terminal terminal)
{
    public bool IsUpToDate(Recipe recipe) =>
        recipe.Packages.All(package => File.Exists(Path.Combine(workspace.Feed, package.FileName)))
        && File.Exists(Stamp(recipe))
        && File.ReadAllText(Stamp(recipe)) == Fingerprint(recipe);

    public async Task MakeAsync(Recipe recipe, CancellationToken cancellationToken)
    {
        if (IsUpToDate(recipe))
            return;

        // A folder of this run's own: a compiler that outlived a killed setup may still write into the former one.
        var scratch = Path.Combine(workspace.Work, $"{recipe.Name}.{Environment.ProcessId}");
        var made = Path.Combine(scratch, "made");
        Directory.CreateDirectory(made);
        Directory.CreateDirectory(workspace.Feed);
        File.Delete(Stamp(recipe));

        await recipe.MakeAsync(scratch, made, cancellationToken);

        foreach (var package in recipe.Packages)
        {
            // NuGet keeps what it unpacked once; an older make of the same version must not stay there.
            AtomicFile.DeleteFolder(Path.Combine(workspace.Packages, package.Id.ToLowerInvariant(), package.Version));
            File.Move(Path.Combine(made, package.FileName), Path.Combine(workspace.Feed, package.FileName), overwrite: true);
        }

        AtomicFile.Write(Stamp(recipe), Fingerprint(recipe));
        AtomicFile.DeleteFolder(scratch);
        terminal.Say($"Made {string.Join(", ", recipe.Packages.Select(package => $"{package.Id} {package.Version}"))}");
    }

    private string Stamp(Recipe recipe) => Path.Combine(workspace.Feed, $".{recipe.Name}.stamp");

    private static string Fingerprint(Recipe recipe) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(string.Join('\n', recipe.Inputs.Concat(recipe.Packages.Select(package => package.FileName))))));
}
