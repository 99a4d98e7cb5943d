using Mefapex.Inference.Catalogue;

namespace Mefapex.Tests.Inference;

/// <summary>A copy of the bundled models that a test may spoil.</summary>
internal sealed class ModelsFolder : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("mefapex-models-");

    public ModelsFolder()
    {
        foreach (var folder in (string[])[Encoder, Language])
        {
            Directory.CreateDirectory(folder);
            foreach (var file in Directory.EnumerateFiles(Path.Combine(ModelFolder.Bundled, Path.GetFileName(folder))))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    public string Root => _root.FullName;

    public string Encoder => Path.Combine(Root, "encoder");

    public string Language => Path.Combine(Root, "language");

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
