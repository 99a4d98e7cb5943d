using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Embedding;

/// <summary>A tensor of floats.</summary>
/// <param name="Shape">Dimensions; the values are row-major.</param>
internal sealed record FloatTensor(int[] Shape, float[] Values);

/// <summary>
/// Reads a safetensors file (https://huggingface.co/docs/safetensors): the length of the header as 8 bytes, the header
/// as JSON, the values in little-endian order.
/// </summary>
internal static class SafeTensors
{
    private const int LengthBytes = 8;

    /// <summary>The tensors of a small file, by name.</summary>
    /// <exception cref="ModelException">The file is missing or damaged, or its values are no floats.</exception>
    public static Dictionary<string, FloatTensor> Read(string path)
    {
        try
        {
            return Read(path, File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelException(
                ModelFault.Missing,
                $"weights file {path} is missing; download the model with all its files, or convert pytorch_model.bin to safetensors.",
                exception);
        }
        catch (Exception exception) when (exception
            is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new ModelException(
                ModelFault.Damaged, $"weights file {path} is damaged: {exception.Message} Download it again.", exception);
        }
    }

    private static Dictionary<string, FloatTensor> Read(string path, byte[] bytes)
    {
        if (bytes.Length < LengthBytes)
            throw new FormatException("It is shorter than its header.");
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (headerLength > (ulong)(bytes.Length - LengthBytes))
            throw new FormatException($"Its header of {headerLength} bytes does not fit into {bytes.Length} bytes.");

        var values = bytes.AsMemory(LengthBytes + (int)headerLength);
        var tensors = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        using var header = JsonDocument.Parse(bytes.AsMemory(LengthBytes, (int)headerLength));
        foreach (var entry in header.RootElement.EnumerateObject())
        {
            if (entry.NameEquals("__metadata__"))
                continue;
            int[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];
            var offsets = entry.Value.GetProperty("data_offsets");
            var (start, end) = (offsets[0].GetInt32(), offsets[1].GetInt32());
            if (start < 0 || end < start || end > values.Length)
                throw new FormatException($"Tensor {entry.Name} lies outside of it.");
            var type = entry.Value.GetProperty("dtype").GetString();
            var floats = ToFloats(values.Span[start..end], type) ?? throw new ModelException(
                ModelFault.Unsuitable,
                $"weights file {path} has tensor {entry.Name} of type {type}; F32, F16 or BF16 is needed. Convert it.");
            if (floats.Length != shape.Aggregate(1L, (product, size) => checked(product * size)))
                throw new FormatException($"Tensor {entry.Name} has {floats.Length} values, its shape says otherwise.");
            tensors.Add(entry.Name, new FloatTensor(shape, floats));
        }

        return tensors;
    }

    private static float[]? ToFloats(ReadOnlySpan<byte> bytes, string? type)
    {
        switch (type)
        {
            case "F32" when bytes.Length % 4 == 0:
                return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
            case "F16" or "BF16" when bytes.Length % 2 == 0:
                var floats = new float[bytes.Length / 2];
                for (var i = 0; i < floats.Length; i++)
                {
                    var bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]);
                    floats[i] = type == "F16"
                        ? (float)BitConverter.UInt16BitsToHalf(bits)
                        : BitConverter.UInt32BitsToSingle((uint)bits << 16);
                }

                return floats;
            default:
                return null;
        }
    }
}
