using Mefapex.Inference.Catalogue;

namespace Mefapex.Tests.Inference.Embedding;

/// <summary>A copy of the bundled encoder that a test may spoil.</summary>
internal sealed class EncoderFolder : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("mefapex-models-");

    public EncoderFolder()
    {
        Directory.CreateDirectory(Encoder);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(ModelFolder.Bundled, "encoder")))
            File.Copy(file, Path.Combine(Encoder, Path.GetFileName(file)));
    }

    public string Root => _root.FullName;

    public string Encoder => Path.Combine(Root, "encoder");

    public string Model => Path.Combine(Encoder, "model.onnx");

    public string Manifest => Path.Combine(Encoder, ModelManifest.FileName);

    public void Change(Func<ModelManifest, ModelManifest> change) =>
        File.WriteAllText(Manifest, change(ModelManifest.Read(Encoder)).ToJson());

    /// <summary>Puts another model there, with a manifest that has its right hash.</summary>
    public void Replace(byte[] model)
    {
        File.WriteAllBytes(Model, model);
        Change(manifest => manifest with { Sha256 = ModelFolder.Sha256Of(model), Bytes = model.Length });
    }

    public void Dispose() => _root.Delete(recursive: true);
}
