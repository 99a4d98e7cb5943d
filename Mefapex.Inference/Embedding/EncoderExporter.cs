using System.Numerics.Tensors;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Onnx;
using Mefapex.Inference.Training;

namespace Mefapex.Inference.Embedding;

/// <summary>Writes sub-word encoders as model folders: a trained table, or the untrained one that training starts from
/// and is compared with. The same table gives the same bytes.</summary>
public static class EncoderExporter
{
    /// <summary>Length of the vectors.</summary>
    public const int Dimensions = 256;

    private const string ModelFile = "model.onnx";

    /// <summary>How texts become rows of a trained table.</summary>
    public static SubwordSettings TrainedSubwords { get; } = new(
        StableHash.Name,
        SubwordFeatures.Folding,
        Buckets: 32768,
        MinGram: 3,
        MaxGram: 5,
        WordWeight: 1,
        GramWeight: 2,
        GramDecay: 0.7,
        FunctionWordWeight: 0.4);

    private static SubwordSettings UntrainedSubwords { get; } =
        TrainedSubwords with { Buckets = 16384, FunctionWordWeight = 0.15 };

    /// <summary>Writes the untrained encoder, the baseline of every training.</summary>
    public static ModelManifest ExportUntrained(string folder)
    {
        var buckets = UntrainedSubwords.Buckets;
        var scales = new float[buckets];
        Array.Fill(scales, 1);
        return Write(
            folder,
            "mefapex-subword-256-untrained",
            "0.1.0",
            UntrainedSubwords,
            BuildGraph(UntrainedTable.Make(buckets, Dimensions), scales, Dimensions),
            $"none: random indexing, seed {UntrainedTable.Seed}, {UntrainedTable.NonZeros} of {Dimensions} values per row are ±1");
    }

    /// <summary>Writes a trained encoder, its table and its memory brought to 8 bits.</summary>
    /// <param name="table">Rows of <see cref="Dimensions"/> values, as many as <see cref="TrainedSubwords"/> says.</param>
    /// <param name="memory">The meanings it learnt.</param>
    /// <param name="trainingData">What it learnt from, for the manifest.</param>
    public static ModelManifest Export(string folder, ReadOnlySpan<float> table, MeaningMemory memory, string trainingData)
    {
        var (rows, scales) = Quantize(table, Dimensions);
        return Write(
            folder, "mefapex-subword-256", "1.0.0", TrainedSubwords, BuildGraph(rows, scales, Dimensions, memory), trainingData);
    }

    /// <summary>
    /// The graph: rows of the int8 table at <c>ids</c>, summed by <c>weights</c> times each row's scale, brought to unit
    /// length, drawn to the meanings of <paramref name="memory"/> where there is one. Padding has weight 0.
    /// </summary>
    internal static byte[] BuildGraph(
        ReadOnlySpan<sbyte> table, ReadOnlySpan<float> scales, int dimensions, MeaningMemory? memory = null)
    {
        var summed = memory is null ? "embedding" : "hidden";
        var graph = new OnnxModelBuilder("mefapex-subword-encoder")
            .Input("ids", OnnxElementType.Int64, "batch", "features")
            .Input("weights", OnnxElementType.Float, "batch", "features")
            .Output("embedding", OnnxElementType.Float, "batch", $"{dimensions}")
            .Constant(OnnxTensor.Of("table", table, scales.Length, dimensions))
            .Constant(OnnxTensor.Of("scales", scales, scales.Length))
            .Constant(OnnxTensor.Of("axis_1", [1L], 1))
            .Constant(OnnxTensor.Of("tiny", [1e-12f]))
            .Node("Gather", ["table", "ids"], "rows", OnnxAttribute.Of("axis", 0L))
            .Node("Cast", ["rows"], "features", OnnxAttribute.Of("to", (long)OnnxElementType.Float))
            .Node("Gather", ["scales", "ids"], "row_scales", OnnxAttribute.Of("axis", 0L))
            .Node("Mul", ["weights", "row_scales"], "scaled_weights")
            .Node("Unsqueeze", ["scaled_weights", "axis_1"], "row_weights")
            .Node("MatMul", ["row_weights", "features"], "weighted")
            .Node("Squeeze", ["weighted", "axis_1"], "sum");
        AddUnitLength(graph, "sum", summed);
        if (memory is null)
            return graph.Build();

        // Cast and Mul of constants are done once, when the model is loaded; the runtime would repeat DequantizeLinear.
        var (rows, scale) = QuantizeAll(memory.Prototypes);
        graph.Constant(OnnxTensor.Of("meanings", rows, rows.Length / dimensions, dimensions))
            .Constant(OnnxTensor.Of("meanings_scale", [scale]))
            .Constant(OnnxTensor.Of("strength", [memory.Strength]))
            .Node("Cast", ["meanings"], "steps", OnnxAttribute.Of("to", (long)OnnxElementType.Float))
            .Node("Mul", ["steps", "meanings_scale"], "prototypes")
            .Node(
                "Gemm", [summed, "prototypes"], "nearness", OnnxAttribute.Of("alpha", 1 / memory.Temperature), OnnxAttribute.Of("transB", 1L))
            .Node("Softmax", ["nearness"], "shares", OnnxAttribute.Of("axis", -1L))
            .Node("MatMul", ["shares", "prototypes"], "recalled")
            .Node("Mul", ["recalled", "strength"], "drawn")
            .Node("Add", [summed, "drawn"], "together");
        AddUnitLength(graph, "together", "embedding");
        return graph.Build();
    }

    private static void AddUnitLength(OnnxModelBuilder graph, string from, string to) => graph
        .Node("ReduceL2", [from], $"{from}_norm", OnnxAttribute.Of("axes", [1L]), OnnxAttribute.Of("keepdims", 1L))
        .Node("Max", [$"{from}_norm", "tiny"], $"{from}_divisor")
        .Node("Div", [from, $"{from}_divisor"], to);

    /// <summary>Symmetric, with one scale for all values.</summary>
    private static (sbyte[] Values, float Scale) QuantizeAll(ReadOnlySpan<float> values)
    {
        var scale = MathF.Max(MathF.Abs(TensorPrimitives.MaxMagnitude(values)) / 127, 1e-12f);
        var rounded = new sbyte[values.Length];
        for (var i = 0; i < rounded.Length; i++)
            rounded[i] = (sbyte)MathF.Round(values[i] / scale);
        return (rounded, scale);
    }

    /// <summary>Symmetric: the largest value of a row becomes ±127.</summary>
    internal static (sbyte[] Rows, float[] Scales) Quantize(ReadOnlySpan<float> table, int dimensions)
    {
        var rows = new sbyte[table.Length];
        var scales = new float[table.Length / dimensions];
        for (var row = 0; row < scales.Length; row++)
        {
            var (values, scale) = QuantizeAll(table.Slice(row * dimensions, dimensions));
            values.CopyTo(rows, row * dimensions);
            scales[row] = scale;
        }

        return (rows, scales);
    }

    private static ModelManifest Write(
        string folder, string name, string version, SubwordSettings subwords, byte[] model, string trainingData)
    {
        Directory.CreateDirectory(folder);
        var manifest = new ModelManifest
        {
            Name = name,
            Version = version,
            Task = ModelTasks.SentenceEmbedding,
            Languages = ["tr", "en"],
            File = ModelFile,
            Sha256 = ModelFolder.Sha256Of(model),
            Bytes = model.Length,
            Dimensions = Dimensions,
            Inputs =
            [
                new ModelValue("ids", "int64", ["batch", "features"]),
                new ModelValue("weights", "float", ["batch", "features"]),
            ],
            Outputs = [new ModelValue("embedding", "float", ["batch", $"{Dimensions}"])],
            Subwords = subwords,
            TrainingData = trainingData,
            Licence = "MIT",
        };
        File.WriteAllBytes(Path.Combine(folder, ModelFile), model);
        using (var encoder = SubwordEncoder.LoadUnverified(new ModelFolder(folder, manifest)))
            manifest = manifest with { TestVectors = TestVectors.Observe(encoder) };
        File.WriteAllText(Path.Combine(folder, ModelManifest.FileName), manifest.ToJson());
        return manifest;
    }
}
