using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Onnx;

namespace Mefapex.Inference.Embedding;

/// <summary>
/// Makes the bundled encoder. Its table is not trained: each row is a sparse ternary random vector (random indexing;
/// Achlioptas, "Database-friendly random projections", 2003), so that different features are nearly orthogonal and
/// the cosine of two texts approximates that of their feature vectors. The same program makes the same bytes.
/// </summary>
public static class EncoderExporter
{
    /// <summary>Length of the vectors.</summary>
    public const int Dimensions = 256;

    private const string ModelFile = "model.onnx";
    private const int Buckets = 16384;
    private const int NonZeros = 16;
    private const ulong Seed = 20260101;
    private const int TestValues = 8;

    private static readonly string[] TestTexts =
    [
        "Yıllık izin nasıl alınır?",
        "yillik izin nasil alinir",
        "How do I request annual leave?",
        "C# 08.30 ☎",
    ];

    private static readonly SubwordSettings Subwords = new(
        StableHash.Name,
        SubwordFeatures.Folding,
        Buckets,
        MinGram: 3,
        MaxGram: 5,
        WordWeight: 1,
        GramWeight: 2,
        GramDecay: 0.7,
        FunctionWordWeight: 0.15);

    /// <summary>Writes model and manifest into <paramref name="folder"/>. Measured figures of the manifest that is
    /// there are kept if they belong to the same model.</summary>
    public static ModelManifest Export(string folder)
    {
        Directory.CreateDirectory(folder);
        var model = BuildGraph(MakeTable(), Buckets, Dimensions, scale: 1);
        var manifest = Describe(model);
        File.WriteAllBytes(Path.Combine(folder, ModelFile), model);

        using (var encoder = SubwordEncoder.LoadUnverified(new ModelFolder(folder, manifest)))
        {
            manifest = manifest with
            {
                TestVectors = [.. TestTexts.Select(text => Observe(encoder, text))],
                Quality = EarlierQuality(folder, manifest.Sha256),
            };
        }

        File.WriteAllText(Path.Combine(folder, ModelManifest.FileName), manifest.ToJson());
        return manifest;
    }

    /// <summary>
    /// The graph: rows of the int8 table at <c>ids</c>, times <c>scale</c>, summed by <c>weights</c>, brought to unit
    /// length. Padding has weight 0.
    /// </summary>
    internal static byte[] BuildGraph(ReadOnlySpan<sbyte> table, int buckets, int dimensions, float scale) =>
        new OnnxModelBuilder("mefapex-subword-encoder")
            .Input("ids", OnnxElementType.Int64, "batch", "features")
            .Input("weights", OnnxElementType.Float, "batch", "features")
            .Output("embedding", OnnxElementType.Float, "batch", $"{dimensions}")
            .Constant(OnnxTensor.Of("table", table, buckets, dimensions))
            .Constant(OnnxTensor.Of("scale", [scale]))
            .Constant(OnnxTensor.Of("axis_1", [1L], 1))
            .Constant(OnnxTensor.Of("tiny", [1e-12f]))
            .Node("Gather", ["table", "ids"], "rows", OnnxAttribute.Of("axis", 0L))
            .Node("DequantizeLinear", ["rows", "scale"], "features")
            .Node("Unsqueeze", ["weights", "axis_1"], "row_weights")
            .Node("MatMul", ["row_weights", "features"], "weighted")
            .Node("Squeeze", ["weighted", "axis_1"], "sum")
            .Node("ReduceL2", ["sum"], "norm", OnnxAttribute.Of("axes", [1L]), OnnxAttribute.Of("keepdims", 1L))
            .Node("Max", ["norm", "tiny"], "divisor")
            .Node("Div", ["sum", "divisor"], "embedding")
            .Build();

    private static ModelManifest Describe(byte[] model) => new()
    {
        Name = "mefapex-subword-256",
        Version = "0.1.0",
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
        Subwords = Subwords,
        TrainingData = $"none: random indexing, seed {Seed}, {NonZeros} of {Dimensions} values per row are ±1",
        Licence = "MIT",
    };

    private static TestVector Observe(SubwordEncoder encoder, string text)
    {
        var vector = encoder.Encode(text);
        return new TestVector(text, [.. vector[..TestValues].Select(Rounded)], Rounded(SubwordEncoder.NormOf(vector)));
    }

    /// <summary>To five places: processors differ in the last bits.</summary>
    private static float Rounded(float value) => MathF.Round(value, 5);

    private static QualityReport? EarlierQuality(string folder, string sha256)
    {
        if (!File.Exists(Path.Combine(folder, ModelManifest.FileName)))
            return null;
        var earlier = ModelManifest.Read(folder);
        return string.Equals(earlier.Sha256, sha256, StringComparison.Ordinal) ? earlier.Quality : null;
    }

    private static sbyte[] MakeTable()
    {
        var table = new sbyte[Buckets * Dimensions];
        var state = Seed;
        for (var row = 0; row < Buckets; row++)
        {
            for (var set = 0; set < NonZeros;)
            {
                // SplitMix64: a counter with golden-ratio steps through the mixing function.
                state += 0x9E3779B97F4A7C15;
                var bits = StableHash.Mix(state);
                ref var value = ref table[(row * Dimensions) + (int)(bits % Dimensions)];
                if (value != 0)
                    continue;
                value = (bits >> 63) == 0 ? (sbyte)1 : (sbyte)-1;
                set++;
            }
        }

        return table;
    }
}
