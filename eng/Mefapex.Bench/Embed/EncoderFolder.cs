using Mefapex.Inference.Embedding;

namespace Mefapex.Bench.Embed;

/// <summary>The encoder that is measured: a folder of the caller's, or one of MiniLM's shape (6 layers of 384, 12 heads) with
/// random weights, made for the purpose and deleted afterwards.</summary>
internal sealed class EncoderFolder : IDisposable
{
    private readonly DirectoryInfo? _temporary;

    public EncoderFolder(string? folder)
    {
        if (folder is not null)
        {
            Path = System.IO.Path.GetFullPath(folder);
            return;
        }

        _temporary = Directory.CreateTempSubdirectory("mefapex-bench-");
        Path = System.IO.Path.Combine(_temporary.FullName, "minilm-shaped");
        new TinyBert { Layers = 6, Hidden = 384, Heads = 12, Intermediate = 1536, Positions = 512 }.Write(Path);
    }

    public string Path { get; }

    public void Dispose() => _temporary?.Delete(recursive: true);
}
