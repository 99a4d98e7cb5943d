using System.Runtime.InteropServices;

namespace Mefapex.Inference.Onnx;

/// <summary>Element types of <c>TensorProto.DataType</c>, with the numbers of onnx.proto.</summary>
public enum OnnxElementType
{
    /// <summary>32-bit floating point.</summary>
    Float = 1,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8 = 2,

    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 3,

    /// <summary>32-bit integer.</summary>
    Int32 = 6,

    /// <summary>64-bit integer.</summary>
    Int64 = 7,

    /// <summary>Boolean.</summary>
    Bool = 9,

    /// <summary>16-bit floating point.</summary>
    Float16 = 10,

    /// <summary>The upper half of a 32-bit float.</summary>
    BFloat16 = 16,
}

/// <summary>A named constant of a graph: row-major values in little-endian order.</summary>
public sealed class OnnxTensor
{
    private OnnxTensor(string name, OnnxElementType elementType, long[] shape, byte[] data, long count)
    {
        var expected = shape.Aggregate(1L, (product, dimension) => checked(product * dimension));
        if (expected != count)
        {
            throw new ArgumentException(
                $"Tensor {name} has {count} values, its shape [{string.Join(", ", shape)}] needs {expected}.",
                nameof(shape));
        }

        Name = name;
        ElementType = elementType;
        Shape = shape;
        Data = data;
    }

    /// <summary>The name that nodes refer to.</summary>
    public string Name { get; }

    /// <summary>The type of the values.</summary>
    public OnnxElementType ElementType { get; }

    /// <summary>Dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    internal byte[] Data { get; }

    /// <summary>A tensor of floats; <paramref name="shape"/> is empty for a scalar.</summary>
    public static OnnxTensor Of(string name, ReadOnlySpan<float> values, params long[] shape) =>
        Make(name, OnnxElementType.Float, values, shape);

    /// <summary>A tensor of 64-bit integers.</summary>
    public static OnnxTensor Of(string name, ReadOnlySpan<long> values, params long[] shape) =>
        Make(name, OnnxElementType.Int64, values, shape);

    /// <summary>A tensor of 32-bit integers.</summary>
    public static OnnxTensor Of(string name, ReadOnlySpan<int> values, params long[] shape) =>
        Make(name, OnnxElementType.Int32, values, shape);

    /// <summary>A tensor of signed bytes.</summary>
    public static OnnxTensor Of(string name, ReadOnlySpan<sbyte> values, params long[] shape) =>
        Make(name, OnnxElementType.Int8, values, shape);

    /// <summary>A tensor of unsigned bytes.</summary>
    public static OnnxTensor Of(string name, ReadOnlySpan<byte> values, params long[] shape) =>
        Make(name, OnnxElementType.UInt8, values, shape);

    private static OnnxTensor Make<T>(string name, OnnxElementType type, ReadOnlySpan<T> values, long[] shape)
        where T : unmanaged
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("ONNX files are written on little-endian machines only.");
        return new OnnxTensor(name, type, shape, MemoryMarshal.AsBytes(values).ToArray(), values.Length);
    }
}
