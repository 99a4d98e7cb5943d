using System.Numerics.Tensors;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Embedding;

/// <summary>Texts whose vectors tell whether an encoder still computes what it did.</summary>
internal static class TestVectors
{
    private const int Values = 8;

    private static readonly string[] Texts =
    [
        "Yıllık izin nasıl alınır?",
        "yillik izin nasil alinir",
        "How do I request annual leave?",
        "C# 08.30 ☎",
    ];

    /// <summary>What the encoder computes now.</summary>
    public static IReadOnlyList<TestVector> Observe(ITextEncoder encoder) =>
    [
        .. Texts.Select(text =>
        {
            var vector = encoder.Encode(text);
            return new TestVector(
                text, [.. vector[..Math.Min(Values, vector.Length)].Select(Rounded)], Rounded(TensorPrimitives.Norm<float>(vector)));
        }),
    ];

    /// <summary>The largest difference between what the encoder computes now and what it did.</summary>
    public static float Apart(ITextEncoder encoder, TestVector test)
    {
        var vector = encoder.Encode(test.Text);
        var apart = Math.Abs(TensorPrimitives.Norm<float>(vector) - test.Norm);
        for (var i = 0; i < test.First.Count; i++)
            apart = Math.Max(apart, i < vector.Length ? Math.Abs(vector[i] - test.First[i]) : 1);
        return apart;
    }

    /// <summary>To five places: processors differ in the last bits.</summary>
    private static float Rounded(float value) => MathF.Round(value, 5);
}
