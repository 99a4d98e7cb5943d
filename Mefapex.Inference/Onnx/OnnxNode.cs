namespace Mefapex.Inference.Onnx;

/// <summary>One operator of a graph.</summary>
/// <param name="OperatorType">Such as <c>Gather</c>.</param>
/// <param name="Inputs">Names of values; an empty name leaves an optional input out.</param>
/// <param name="Outputs">Names of the values it makes.</param>
/// <param name="Domain">Empty for the standard operators.</param>
public sealed record OnnxNode(
    string OperatorType,
    IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs,
    IReadOnlyList<OnnxAttribute> Attributes,
    string Domain = "")
{
    internal void Write(ProtobufWriter node)
    {
        foreach (var input in Inputs)
            node.String(1, input);
        foreach (var output in Outputs)
            node.String(2, output);
        node.String(3, Outputs[0]);
        node.String(4, OperatorType);
        foreach (var attribute in Attributes)
            node.Message(5, attribute.Write);
        if (Domain.Length > 0)
            node.String(7, Domain);
    }
}

/// <summary>A named setting of an operator.</summary>
public sealed class OnnxAttribute
{
    private const int FloatType = 1;
    private const int IntType = 2;
    private const int StringType = 3;
    private const int TensorType = 4;
    private const int FloatsType = 6;
    private const int IntsType = 7;

    private readonly string _name;
    private readonly int _type;
    private readonly Action<ProtobufWriter> _value;

    private OnnxAttribute(string name, int type, Action<ProtobufWriter> value)
    {
        _name = name;
        _type = type;
        _value = value;
    }

    /// <summary>An integer.</summary>
    public static OnnxAttribute Of(string name, long value) => new(name, IntType, writer => writer.Int64(3, value));

    /// <summary>A float.</summary>
    public static OnnxAttribute Of(string name, float value) => new(name, FloatType, writer => writer.Float(2, value));

    /// <summary>A string.</summary>
    public static OnnxAttribute Of(string name, string value) => new(name, StringType, writer => writer.String(4, value));

    /// <summary>A constant tensor.</summary>
    public static OnnxAttribute Of(string name, OnnxTensor value) =>
        new(name, TensorType, writer => writer.Message(5, tensor => OnnxModelBuilder.WriteTensor(tensor, value)));

    /// <summary>A list of integers.</summary>
    public static OnnxAttribute Of(string name, IReadOnlyList<long> values) => new(name, IntsType, writer =>
    {
        foreach (var value in values)
            writer.Int64(8, value);
    });

    /// <summary>A list of floats.</summary>
    public static OnnxAttribute Of(string name, IReadOnlyList<float> values) => new(name, FloatsType, writer =>
    {
        foreach (var value in values)
            writer.Float(7, value);
    });

    internal void Write(ProtobufWriter attribute)
    {
        attribute.String(1, _name);
        _value(attribute);
        attribute.Int64(20, _type);
    }
}
