using System.Xml.Linq;

namespace Mefapex.Cli;

/// <summary>The packages that are made for the Partial profile, each from what the npm registry has in its stead.</summary>
internal sealed class Recipes(Workspace workspace, Downloader downloader, Terminal terminal)
{
    public const string OnnxRuntimePackage = "Microsoft.ML.OnnxRuntime";
    public const string OnnxRuntimeGenAIPackage = "Microsoft.ML.OnnxRuntimeGenAI";
    public const string LibrdkafkaPackage = "librdkafka.redist";
    public const string BlazorPackage = "Microsoft.AspNetCore.App.Internal.Assets";

    private readonly Dictionary<string, string> _versions = XDocument.Load(workspace.CentralVersions)
        .Descendants("PackageVersion")
        .Where(element => element.Parent?.Attribute("Condition") is null)
        .ToDictionary(element => (string)element.Attribute("Include")!, element => (string)element.Attribute("Version")!);

    public Recipe OnnxRuntime() => Binding("onnxruntime", OnnxRuntimePackage, []);

    public Recipe OnnxRuntimeGenAI() => Binding(
        "onnxruntime-genai", OnnxRuntimeGenAIPackage, [(OnnxRuntimePackage, _versions[OnnxRuntimePackage])]);

    public Recipe Librdkafka()
    {
        if (OperatingSystem.IsWindows())
            throw CannotBeMade(LibrdkafkaPackage, "it is compiled with cc and make");
        var source = Pinned("librdkafka", LibrdkafkaPackage);
        var version = _versions[LibrdkafkaPackage];
        return new Recipe(
            "librdkafka",
            [new MadePackage(LibrdkafkaPackage, version)],
            [source.Integrity, Workspace.Platform],
            async (scratch, made, cancellationToken) =>
            {
                var tarball = await downloader.FetchAsync(source, cancellationToken);
                using var step = terminal.Begin("Compiling librdkafka");
                // Its configure script cannot live with a space in its path.
                var spare = scratch.Any(char.IsWhiteSpace) ? Directory.CreateTempSubdirectory("mefapex-") : null;
                try
                {
                    var library = await CompileAsync(tarball, spare?.FullName ?? scratch, cancellationToken);
                    var name = OperatingSystem.IsMacOS() ? "librdkafka.dylib" : "librdkafka.so";
                    Nupkg.Write(
                        made, LibrdkafkaPackage, version, [], [(library, $"runtimes/{Workspace.Platform}/native/{name}")]);
                }
                finally
                {
                    spare?.Delete(recursive: true);
                }

                step.Outcome = "Compiled librdkafka";
            });
    }

    /// <param name="version">The version that the SDK in use asks for.</param>
    public Recipe BlazorAssets(string version)
    {
        var aspire = new AspireCli(workspace, downloader, terminal, Pinned("aspire", BlazorPackage));
        return new Recipe(
            "blazor-assets",
            [new MadePackage(BlazorPackage, version)],
            [aspire.Source.Integrity, Project(BlazorPackage)],
            async (scratch, made, cancellationToken) =>
            {
                await aspire.EnsureAsync(cancellationToken);
                File.Copy(aspire.BlazorScript, Path.Combine(scratch, "blazor.web.js"));
                await PackAsync(BlazorPackage, version, scratch, scratch, made, cancellationToken);
            });
    }

    /// <summary>A managed binding compiled from its sources, and the native library for this machine beside it.</summary>
    private Recipe Binding(string key, string id, IReadOnlyList<(string Id, string Version)> natives)
    {
        var source = Pinned(key, id);
        var version = _versions[id];
        var managed = $"{id}.Managed";
        var plugins = Workspace.Platform switch
        {
            "linux-x64" => "Plugins/Linux/x64/",
            "osx-arm64" => "Plugins/macOS/arm64/",
            "win-x64" => "Plugins/Windows/x64/",
            "win-arm64" => "Plugins/Windows/arm64/",
            _ => throw CannotBeMade(id, $"{source.Name} has no native library for it"),
        };
        return new Recipe(
            key,
            [new MadePackage(managed, version), new MadePackage(id, version)],
            [source.Integrity, Workspace.Platform, Project(managed)],
            async (scratch, made, cancellationToken) =>
            {
                var tarball = await downloader.FetchAsync(source, cancellationToken);
                using var step = terminal.Begin($"Making {id}");
                var content = Path.Combine(scratch, "content");
                await Tarball.UnpackAsync(
                    tarball,
                    content,
                    name => Path.GetExtension(name) is not ".meta"
                        && (name.StartsWith("Runtime/", StringComparison.Ordinal) || name.StartsWith(plugins, StringComparison.Ordinal)),
                    cancellationToken);
                Nupkg.Write(
                    made,
                    id,
                    version,
                    [.. natives, (managed, version)],
                    Directory.EnumerateFiles(Path.Combine(content, plugins))
                        .Select(file => (file, $"runtimes/{Workspace.Platform}/native/{Path.GetFileName(file)}")));
                await PackAsync(managed, version, content, scratch, made, cancellationToken);
            });
    }

    private NpmPackage Pinned(string key, string id) => NpmPackage.Pinned(workspace, key)
        ?? throw CannotBeMade(id, $"eng/npm-packages.json pins no {key} for it");

    private static SetupException CannotBeMade(string id, string why) => new(
        $"The package registry lacks {id}, and it cannot be made on {Workspace.Platform}: {why}.",
        "Use a registry that carries it, then `./mefapex setup --probe`. docs/packages.md has a table of platforms.");

    private string ProjectFile(string id) => Path.Combine(workspace.PackageProjects, $"{id}.csproj");

    /// <summary>What a project makes depends on its text and on the properties it shares.</summary>
    private string Project(string id) =>
        File.ReadAllText(ProjectFile(id)) + File.ReadAllText(Path.Combine(workspace.PackageProjects, "Directory.Build.props"));

    private async Task PackAsync(
        string id, string version, string content, string scratch, string made, CancellationToken cancellationToken)
    {
        var result = await Shell.DotnetAsync(
            [
                "pack", ProjectFile(id), "--configuration", "Release", "--output", made, "--verbosity", "quiet",
                $"-p:MefapexContent={content}", $"-p:MefapexWork={Path.Combine(scratch, "build")}", $"-p:PackageVersion={version}",
            ],
            cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new SetupException(
                $"{id} {version} could not be made:{Environment.NewLine}{result.Tail(10)}",
                "See eng/packages/ and docs/packages.md.");
        }
    }

    /// <returns>The shared library's path.</returns>
    private static async Task<string> CompileAsync(string tarball, string folder, CancellationToken cancellationToken)
    {
        const string Sources = "deps/librdkafka/";
        await Tarball.UnpackAsync(
            tarball, folder, name => name.StartsWith(Sources, StringComparison.Ordinal), cancellationToken);
        var root = Path.Combine(folder, Sources);
        await RunAsync(Path.Combine(root, "configure"), "--disable-gssapi", "--disable-debug-symbols");
        await RunAsync("make", "-C", "src", $"-j{Environment.ProcessorCount}");
        return Path.Combine(root, "src", OperatingSystem.IsMacOS() ? "librdkafka.1.dylib" : "librdkafka.so.1");

        async Task RunAsync(string program, params string[] arguments)
        {
            var result = await Shell.RunAsync(program, arguments, cancellationToken, root);
            if (result.ExitCode != 0)
            {
                throw new SetupException(
                    $"librdkafka did not compile:{Environment.NewLine}{result.Tail(15)}",
                    "Install the C compiler, make and OpenSSL's headers (Debian: apt-get install gcc g++ make libssl-dev zlib1g-dev).");
            }
        }
    }
}
