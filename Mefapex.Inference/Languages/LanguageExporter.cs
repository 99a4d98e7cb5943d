using System.Numerics.Tensors;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Onnx;

namespace Mefapex.Inference.Languages;

/// <summary>Writes language models as model folders. The same table gives the same bytes.</summary>
internal static class LanguageExporter
{
    private const string ModelFile = "model.onnx";

    private static readonly string[] TestTexts =
    [
        "Yıllık izin nasıl alınır?",
        "yillik izin nasil alinir",
        "How do I request annual leave?",
        "Wo kann ich parken?",
        "Сколько дней отпуска?",
        "asdf qwer",
    ];

    /// <summary>ISO 639-1 codes in the order of the table's columns; the last column is none of them.</summary>
    public static IReadOnlyList<string> Languages { get; } = ["tr", "en", "de", "fr", "es", "it", "nl", "ru", "ar"];

    public static CharacterGramSettings Grams { get; } = new(StableHash.Name, Buckets: 65536, MinGram: 1, MaxGram: 4);

    /// <summary>Writes the model.</summary>
    /// <param name="table">A row of a value for each language, and for none of them, for each bucket.</param>
    /// <param name="bias">A value for each column.</param>
    /// <param name="temperature">What the logits are divided by.</param>
    public static ModelManifest Export(
        string folder, ReadOnlySpan<float> table, ReadOnlySpan<float> bias, float temperature, string trainingData)
    {
        Directory.CreateDirectory(folder);
        var model = BuildGraph(table, bias, temperature);
        var manifest = new ModelManifest
        {
            Name = "mefapex-language-ngram",
            Version = "1.0.0",
            Task = ModelTasks.LanguageIdentification,
            Languages = Languages,
            File = ModelFile,
            Sha256 = ModelFolder.Sha256Of(model),
            Bytes = model.Length,
            Inputs =
            [
                new ModelValue("ids", "int64", ["batch", "features"]),
                new ModelValue("weights", "float", ["batch", "features"]),
            ],
            Outputs = [new ModelValue("probabilities", "float", ["batch", $"{bias.Length}"])],
            CharacterGrams = Grams,
            TrainingData = trainingData,
            Licence = "MIT",
        };
        File.WriteAllBytes(Path.Combine(folder, ModelFile), model);
        using (var detector = LanguageDetector.LoadUnverified(new ModelFolder(folder, manifest)))
            manifest = manifest with { TestVectors = [.. TestTexts.Select(text => Observe(detector, text))] };
        File.WriteAllText(Path.Combine(folder, ModelManifest.FileName), manifest.ToJson());
        return manifest;
    }

    /// <summary>The graph: rows of the int8 table at <c>ids</c>, summed by <c>weights</c>, times the table's scale, plus
    /// the bias, divided by the temperature; the softmax of that.</summary>
    private static byte[] BuildGraph(ReadOnlySpan<float> table, ReadOnlySpan<float> bias, float temperature)
    {
        var scale = MathF.Max(MathF.Abs(TensorPrimitives.MaxMagnitude(table)) / 127, 1e-12f);
        var rows = new sbyte[table.Length];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = (sbyte)MathF.Round(table[i] / scale);
        var shares = new float[bias.Length];
        TensorPrimitives.Divide(bias, temperature, shares);
        return new OnnxModelBuilder("mefapex-language")
            .Input("ids", OnnxElementType.Int64, "batch", "features")
            .Input("weights", OnnxElementType.Float, "batch", "features")
            .Output("probabilities", OnnxElementType.Float, "batch", $"{bias.Length}")
            .Constant(OnnxTensor.Of("table", rows, rows.Length / bias.Length, bias.Length))
            .Constant(OnnxTensor.Of("scale", [scale / temperature]))
            .Constant(OnnxTensor.Of("bias", shares, bias.Length))
            .Constant(OnnxTensor.Of("axis_1", [1L], 1))
            .Node("Gather", ["table", "ids"], "rows", OnnxAttribute.Of("axis", 0L))
            .Node("DequantizeLinear", ["rows", "scale"], "features")
            .Node("Unsqueeze", ["weights", "axis_1"], "row_weights")
            .Node("MatMul", ["row_weights", "features"], "weighted")
            .Node("Squeeze", ["weighted", "axis_1"], "sum")
            .Node("Add", ["sum", "bias"], "logits")
            .Node("Softmax", ["logits"], "probabilities", OnnxAttribute.Of("axis", -1L))
            .Build();
    }

    private static TestVector Observe(LanguageDetector detector, string text)
    {
        var probabilities = detector.Probabilities(text);
        return new TestVector(
            text,
            [.. probabilities.Select(probability => MathF.Round(probability, 5))],
            MathF.Round(TensorPrimitives.Norm<float>(probabilities), 5));
    }
}
