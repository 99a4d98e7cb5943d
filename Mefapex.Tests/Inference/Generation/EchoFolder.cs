using Mefapex.Inference.Generation;

namespace Mefapex.Tests.Inference.Generation;

/// <summary>The tiny model that repeats what it is asked, in a folder that a test may spoil.</summary>
internal sealed class EchoFolder : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("mefapex-echo-");

    public EchoFolder(int contextLength = 1024, bool withTemplate = true) =>
        EchoModelExporter.Export(Path, contextLength, withTemplate);

    public string Path => System.IO.Path.Combine(_root.FullName, "echo");

    public OnnxChatClient Load(OnnxChatClientOptions? options = null, TimeProvider? time = null) =>
        OnnxChatClient.Load(Path, options, time);

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Replace(string name, string part, string by)
    {
        var text = System.IO.File.ReadAllText(File(name));
        text.ShouldContain(part);
        System.IO.File.WriteAllText(File(name), text.Replace(part, by, StringComparison.Ordinal));
    }

    public void Dispose() => _root.Delete(recursive: true);
}
