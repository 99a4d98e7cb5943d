using System.Xml.Linq;

namespace Mefapex.Cli;

/// <summary>The packages that are made for the Partial profile, each from what the npm registry has in its stead.</summary>
internal sealed class Recipes(Workspace workspace, Downloader downloader, Terminal terminal)
{
    public const string LibrdkafkaName = "librdkafka";
    private const string BlazorPackage = "Microsoft.AspNetCore.App.Internal.Assets";

    private readonly Dictionary<string, string> _versions = XDocument.Load(workspace.CentralVersions)
        .Descendants("PackageVersion")
        .Where(element => element.Parent?.Attribute("Condition") is null)
        .ToDictionary(element => (string)element.Attribute("Include")!, element => (string)element.Attribute("Version")!);

    public Recipe OnnxRuntime() => Binding("onnxruntime", "Microsoft.ML.OnnxRuntime", []);

    public Recipe OnnxRuntimeGenAI() => Binding(
        "onnxruntime-genai",
        "Microsoft.ML.OnnxRuntimeGenAI",
        [("Microsoft.ML.OnnxRuntime", _versions["Microsoft.ML.OnnxRuntime"])]);

    public Recipe Librdkafka()
    {
        const string Id = "librdkafka.redist";
        var source = Pinned(LibrdkafkaName);
        return new Recipe(
            LibrdkafkaName,
            [new MadePackage(Id, _versions[Id])],
            [source.Integrity, Workspace.Platform],
            async (scratch, made, cancellationToken) =>
            {
                var tarball = await downloader.FetchAsync(source, cancellationToken);
                using var step = terminal.Begin("Compiling librdkafka");
                const string Folder = "deps/librdkafka/";
                await Tarball.UnpackAsync(
                    tarball, scratch, name => name.StartsWith(Folder, StringComparison.Ordinal), cancellationToken);
                var sources = Path.Combine(scratch, Folder);
                await CompileAsync(
                    sources, Path.Combine(sources, "configure"), ["--disable-gssapi", "--disable-debug-symbols"], cancellationToken);
                await CompileAsync(sources, "make", ["-C", "src", $"-j{Environment.ProcessorCount}"], cancellationToken);
                var (library, name) = OperatingSystem.IsMacOS()
                    ? ("librdkafka.1.dylib", "librdkafka.dylib")
                    : ("librdkafka.so.1", "librdkafka.so");
                Nupkg.Write(
                    made,
                    Id,
                    _versions[Id],
                    [],
                    [(Path.Combine(sources, "src", library), $"runtimes/{Workspace.Platform}/native/{name}")]);
                step.Outcome = "Compiled librdkafka";
            });
    }

    public Recipe BlazorAssets(string version, AspireCli aspire) => new(
        "blazor-assets",
        [new MadePackage(BlazorPackage, version)],
        [aspire.Source.Integrity, Recipe(BlazorPackage)],
        async (scratch, made, cancellationToken) =>
        {
            await aspire.EnsureAsync(cancellationToken);
            File.Copy(aspire.BlazorScript, Path.Combine(scratch, "blazor.web.js"));
            await PackAsync(BlazorPackage, version, scratch, scratch, made, cancellationToken);
        });

    /// <summary>A managed binding compiled from its sources, and the native library for this machine beside it.</summary>
    private Recipe Binding(string key, string id, IReadOnlyList<(string Id, string Version)> natives)
    {
        var source = Pinned(key);
        var version = _versions[id];
        var managed = $"{id}.Managed";
        var plugins = Workspace.Platform switch
        {
            "linux-x64" => "Plugins/Linux/x64/",
            "osx-arm64" => "Plugins/macOS/arm64/",
            "win-x64" => "Plugins/Windows/x64/",
            "win-arm64" => "Plugins/Windows/arm64/",
            _ => throw new SetupException(
                $"{source.Name} has no native library for {Workspace.Platform}.",
                $"Use a registry that carries {id} {version}, then `./mefapex setup --probe`."),
        };
        return new Recipe(
            key,
            [new MadePackage(managed, version), new MadePackage(id, version)],
            [source.Integrity, Workspace.Platform, Recipe(managed)],
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

    private NpmPackage Pinned(string key) => NpmPackage.Pinned(workspace, key)
        ?? throw new SetupException(
            $"eng/npm-packages.json pins no {key} for {Workspace.Platform}.",
            "Use a registry that carries the official packages, then `./mefapex setup --probe`.");

    private string Project(string id) => Path.Combine(workspace.PackageProjects, $"{id}.csproj");

    private string Recipe(string id) =>
        File.ReadAllText(Project(id)) + File.ReadAllText(Path.Combine(workspace.PackageProjects, "Directory.Build.props"));

    private async Task PackAsync(
        string id, string version, string content, string scratch, string made, CancellationToken cancellationToken)
    {
        var result = await Shell.DotnetAsync(
            [
                "pack", Project(id), "--configuration", "Release", "--output", made, "--verbosity", "quiet",
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

    private static async Task CompileAsync(
        string folder, string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var result = await Shell.RunAsync(program, arguments, cancellationToken, folder);
        if (result.ExitCode != 0)
        {
            throw new SetupException(
                $"librdkafka did not compile:{Environment.NewLine}{result.Tail(15)}",
                "Install the C compiler, make and OpenSSL's headers (Debian: apt-get install gcc g++ make libssl-dev zlib1g-dev).");
        }
    }
}
