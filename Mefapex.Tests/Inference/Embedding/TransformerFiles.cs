using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Mefapex.Inference.Embedding;

namespace Mefapex.Tests.Inference.Embedding;

/// <summary>A small transformer in a folder that a test may change.</summary>
internal sealed class TransformerFiles : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("mefapex-transformer-");

    public TransformerFiles(TinyBert? model = null, string name = "tiny")
    {
        Folder = Path.Combine(_root.FullName, name);
        Directory.CreateDirectory(Folder);
        (model ?? new TinyBert()).Write(Folder);
    }

    public string Folder { get; }

    public string Model => In("onnx", "model.onnx");

    public string In(params string[] parts) => Path.Combine([Folder, .. parts]);

    public TransformerEncoder Load(TransformerOptions? options = null) => TransformerEncoder.Load(Folder, options);

    /// <summary>Changes a JSON object in place, or begins one.</summary>
    public void Change(string file, Action<JsonObject> change)
    {
        var path = In(file.Split('/'));
        var json = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsObject() : [];
        change(json);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, json.ToJsonString());
    }

    public static byte[] SafeTensors(string header, params ReadOnlySpan<float> values)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + (4 * values.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)json.Length);
        json.CopyTo(bytes, 8);
        MemoryMarshal.AsBytes(values).CopyTo(bytes.AsSpan(8 + json.Length));
        return bytes;
    }

    public void Dispose() => _root.Delete(recursive: true);
}
