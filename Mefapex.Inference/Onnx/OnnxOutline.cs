using System.Text;

namespace Mefapex.Inference.Onnx;

/// <summary>
/// What an ONNX file says of its outputs, read without loading its weights: everything else is skipped. The numbers are
/// the field numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
/// </summary>
internal static class OnnxOutline
{
    private const int GraphOfModel = 7;
    private const int OutputOfGraph = 12;
    private const int NameOfValue = 1;
    private const int TypeOfValue = 2;
    private const int TensorOfType = 1;
    private const int ShapeOfTensor = 2;
    private const int DimensionOfShape = 1;
    private const int SizeOfDimension = 1;

    /// <summary>The graph's outputs with their dimensions; null where a dimension is free.</summary>
    /// <exception cref="InvalidDataException">The file is cut off, or no ONNX file.</exception>
    public static IReadOnlyDictionary<string, long?[]> ReadOutputs(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var outputs = new Dictionary<string, long?[]>(StringComparer.Ordinal);
        var graphs = 0;
        foreach (var (field, _, end) in Fields(file, file.Length))
        {
            if (field != GraphOfModel || end is null)
                continue;
            graphs++;
            foreach (var (inner, _, innerEnd) in Fields(file, end.Value))
            {
                if (inner == OutputOfGraph && innerEnd is { } valueEnd)
                    ReadValue(file, valueEnd, outputs);
            }
        }

        return graphs == 1 ? outputs : throw new InvalidDataException("It holds no graph.");
    }

    private static void ReadValue(FileStream file, long end, Dictionary<string, long?[]> outputs)
    {
        var name = "";
        List<long?> dimensions = [];
        foreach (var (field, _, fieldEnd) in Fields(file, end))
        {
            if (field == NameOfValue && fieldEnd is { } nameEnd)
                name = ReadText(file, nameEnd);
            else if (field == TypeOfValue && fieldEnd is { } typeEnd)
                dimensions = [.. ReadDimensions(file, typeEnd)];
        }

        outputs[name] = [.. dimensions];
    }

    private static IEnumerable<long?> ReadDimensions(FileStream file, long end) =>
        from tensor in Fields(file, end)
        where tensor is { Field: TensorOfType, End: not null }
        from shape in Fields(file, tensor.End!.Value)
        where shape is { Field: ShapeOfTensor, End: not null }
        from dimension in Fields(file, shape.End!.Value)
        where dimension is { Field: DimensionOfShape, End: not null }
        select ReadSize(file, dimension.End!.Value);

    private static long? ReadSize(FileStream file, long end)
    {
        long? size = null;
        foreach (var (field, value, fieldEnd) in Fields(file, end))
        {
            if (field == SizeOfDimension && fieldEnd is null)
                size = value;
        }

        return size;
    }

    /// <summary>The fields of a message that ends at <paramref name="end"/>: a number, or the end of what is inside.
    /// Whatever of a field the caller leaves unread is skipped.</summary>
    private static IEnumerable<(int Field, long Value, long? End)> Fields(FileStream file, long end)
    {
        while (file.Position < end)
        {
            var tag = ReadVarint(file);
            var field = (int)Math.Min(tag >> 3, int.MaxValue);
            var wireType = tag & 7;
            if (field == 0 || wireType is 3 or 4 or 6 or 7)
                throw new InvalidDataException($"There is no ONNX field at byte {file.Position}.");
            if (wireType == 0)
            {
                yield return (field, (long)ReadVarint(file), null);
                continue;
            }

            var length = wireType switch
            {
                1 => 8UL,
                5 => 4UL,
                _ => ReadVarint(file),
            };
            if (length > (ulong)(end - file.Position))
                throw new InvalidDataException($"It ends before the {length} bytes that field {field} has.");
            var fieldEnd = file.Position + (long)length;
            yield return (field, 0, wireType == 2 ? fieldEnd : null);
            file.Position = fieldEnd;
        }
    }

    private static string ReadText(FileStream file, long end)
    {
        var bytes = new byte[end - file.Position];
        file.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private static ulong ReadVarint(FileStream file)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = file.ReadByte();
            if (next < 0)
                throw new InvalidDataException("It ends within a number.");
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        throw new InvalidDataException($"There is no number at byte {file.Position}.");
    }
}
