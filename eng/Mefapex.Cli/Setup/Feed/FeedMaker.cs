using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Mefapex.Cli;

/// <summary>Keeps the local feed: makes what is missing or out of date, and leaves the rest alone.</summary>
internal sealed class FeedMaker(Workspace workspace, Terminal terminal)
{
    /// <summary>Whether the packages are there, whole, and made from the same inputs.</summary>
    public bool IsUpToDate(Recipe recipe) => WasMade(recipe) && !Damaged(recipe).Any();

    public async Task MakeAsync(Recipe recipe, CancellationToken cancellationToken)
    {
        if (WasMade(recipe))
        {
            foreach (var package in Damaged(recipe))
                terminal.Warn($"{InFeed(package)} is not as it was made; making it again.");
        }

        // A folder of this run's own: a compiler that outlived a killed setup may still write into the former one.
        var scratch = Path.Combine(workspace.Work, $"{recipe.Name}.{Environment.ProcessId}");
        var made = Path.Combine(scratch, "made");
        Directory.CreateDirectory(made);
        Directory.CreateDirectory(workspace.Feed);
        File.Delete(Stamp(recipe));

        await recipe.MakeAsync(scratch, made, cancellationToken);

        foreach (var package in recipe.Packages)
        {
            Forget(package);
            File.Move(Path.Combine(made, package.FileName), InFeed(package), overwrite: true);
        }

        AtomicFile.Write(
            Stamp(recipe),
            string.Join('\n', recipe.Packages.Select(package => Hash(InFeed(package))).Prepend(Fingerprint(recipe))));
        AtomicFile.DeleteFolder(scratch);
        terminal.Say($"Made {string.Join(", ", recipe.Packages.Select(package => $"{package.Id} {package.Version}"))}");
    }

    /// <summary>NuGet keeps what it unpacked once; an older make of the same version must not stay there.</summary>
    private void Forget(MadePackage package)
    {
        var folders = new[] { workspace.Packages, Environment.GetEnvironmentVariable("NUGET_PACKAGES") };
        foreach (var folder in folders.Where(folder => !string.IsNullOrEmpty(folder)))
        {
            var unpacked = Path.Combine(folder!, package.Id.ToLowerInvariant(), package.Version);
            var origin = Path.Combine(unpacked, ".nupkg.metadata");
            if (!File.Exists(origin))
                continue;
            using var metadata = JsonDocument.Parse(File.ReadAllBytes(origin));
            if (metadata.RootElement.TryGetProperty("source", out var source) && source.GetString() == workspace.Feed)
                AtomicFile.DeleteFolder(unpacked);
        }
    }

    private bool WasMade(Recipe recipe) =>
        recipe.Packages.All(package => File.Exists(InFeed(package)))
        && File.Exists(Stamp(recipe))
        && File.ReadLines(Stamp(recipe)).FirstOrDefault() == Fingerprint(recipe);

    private IEnumerable<MadePackage> Damaged(Recipe recipe)
    {
        var whole = File.ReadAllLines(Stamp(recipe));
        return recipe.Packages.Where(package => !whole.Contains(Hash(InFeed(package))));
    }

    private string Stamp(Recipe recipe) => Path.Combine(workspace.Feed, $".{recipe.Name}.stamp");

    private string InFeed(MadePackage package) => Path.Combine(workspace.Feed, package.FileName);

    private static string Hash(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string Fingerprint(Recipe recipe) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(string.Join('\n', recipe.Inputs.Concat(recipe.Packages.Select(package => package.FileName))))));
}
