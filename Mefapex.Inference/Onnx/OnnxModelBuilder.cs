namespace Mefapex.Inference.Onnx;

/// <summary>
/// Writes ONNX files: a graph of standard operators with its constants, inputs and outputs, as the ModelProto message
/// of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the numbers below are its field numbers).
/// The same calls give the same bytes.
/// </summary>
/// <param name="name">Name of the graph.</param>
/// <param name="opset">Version of the default operator set, 13 to 21.</param>
public sealed class OnnxModelBuilder(string name, int opset = 17)
{
    private const int IrVersion = 8;

    private readonly List<(string Domain, long Version)> _opsets = [("", opset)];
    private readonly List<(string Key, string Value)> _metadata = [];
    private readonly List<OnnxNode> _nodes = [];
    private readonly List<OnnxTensor> _initializers = [];
    private readonly List<OnnxValue> _inputs = [];
    private readonly List<OnnxValue> _outputs = [];

    /// <summary>Imports an operator set beside the default one, such as <c>com.microsoft</c>.</summary>
    public OnnxModelBuilder Import(string domain, long version)
    {
        _opsets.Add((domain, version));
        return this;
    }

    /// <summary>Adds a key and value to the model's metadata.</summary>
    public OnnxModelBuilder Metadata(string key, string value)
    {
        _metadata.Add((key, value));
        return this;
    }

    /// <summary>Declares a graph input.</summary>
    /// <param name="dimensions">Numbers are fixed dimensions, anything else the name of a free one.</param>
    public OnnxModelBuilder Input(string inputName, OnnxElementType type, params string[] dimensions)
    {
        _inputs.Add(new OnnxValue(inputName, type, dimensions));
        return this;
    }

    /// <summary>Declares a graph output; dimensions as for inputs.</summary>
    public OnnxModelBuilder Output(string outputName, OnnxElementType type, params string[] dimensions)
    {
        _outputs.Add(new OnnxValue(outputName, type, dimensions));
        return this;
    }

    /// <summary>Adds a constant.</summary>
    public OnnxModelBuilder Constant(OnnxTensor tensor)
    {
        _initializers.Add(tensor);
        return this;
    }

    /// <summary>Adds an operator; its nodes must come in the order of computation.</summary>
    public OnnxModelBuilder Node(OnnxNode node)
    {
        _nodes.Add(node);
        return this;
    }

    /// <summary>Adds an operator with one output.</summary>
    public OnnxModelBuilder Node(string operatorType, string[] inputs, string output, params OnnxAttribute[] attributes) =>
        Node(new OnnxNode(operatorType, inputs, [output], attributes));

    /// <summary>The file's bytes.</summary>
    public byte[] Build()
    {
        var model = new ProtobufWriter();
        model.Int64(1, IrVersion);
        model.String(2, "mefapex");
        model.Message(7, WriteGraph);
        foreach (var (domain, version) in _opsets)
        {
            model.Message(8, import =>
            {
                import.String(1, domain);
                import.Int64(2, version);
            });
        }

        foreach (var (key, value) in _metadata)
        {
            model.Message(14, entry =>
            {
                entry.String(1, key);
                entry.String(2, value);
            });
        }

        return model.ToArray();
    }

    private void WriteGraph(ProtobufWriter graph)
    {
        foreach (var node in _nodes)
            graph.Message(1, node.Write);
        graph.String(2, name);
        foreach (var tensor in _initializers)
            graph.Message(5, writer => WriteTensor(writer, tensor));
        foreach (var input in _inputs)
            graph.Message(11, input.Write);
        foreach (var output in _outputs)
            graph.Message(12, output.Write);
    }

    internal static void WriteTensor(ProtobufWriter writer, OnnxTensor tensor)
    {
        foreach (var dimension in tensor.Shape)
            writer.Int64(1, dimension);
        writer.Int64(2, (int)tensor.ElementType);
        writer.String(8, tensor.Name);
        writer.Bytes(9, tensor.Data);
    }

    private sealed record OnnxValue(string Name, OnnxElementType Type, string[] Dimensions)
    {
        public void Write(ProtobufWriter value)
        {
            value.String(1, Name);
            value.Message(2, type => type.Message(1, tensor =>
            {
                tensor.Int64(1, (int)Type);
                tensor.Message(2, WriteShape);
            }));
        }

        private void WriteShape(ProtobufWriter shape)
        {
            foreach (var dimension in Dimensions)
            {
                shape.Message(1, writer =>
                {
                    if (long.TryParse(dimension, out var size))
                        writer.Int64(1, size);
                    else
                        writer.String(2, dimension);
                });
            }
        }
    }
}
