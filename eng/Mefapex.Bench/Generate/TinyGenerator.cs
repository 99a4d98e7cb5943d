using Mefapex.Inference.Generation;

namespace Mefapex.Bench.Generate;

/// <summary>The project's tiny language model in a temporary folder.</summary>
internal sealed class TinyGenerator : IDisposable
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("mefapex-bench-");

    public TinyGenerator(int contextLength)
    {
        Folder = Path.Combine(_temporary.FullName, "tiny");
        EchoModelExporter.Export(Folder, contextLength, withTemplate: true);
    }

    public string Folder { get; }

    public void Dispose() => _temporary.Delete(recursive: true);
}
