using System.Numerics.Tensors;
using Mefapex.Inference.Embedding;

namespace Mefapex.Inference.Training;

/// <summary>
/// What the encoder has learnt of whole meanings: the mean vector of each cluster. A sentence's vector is drawn towards
/// those it is near to, as in an associative memory (Ramsauer et al., "Hopfield networks is all you need", 2021):
/// <c>h + Strength · Σ softmax(h·pᵢ / Temperature) pᵢ</c>, brought to unit length again.
/// </summary>
/// <param name="Prototypes">Rows of <see cref="EncoderExporter.Dimensions"/> values, each of unit length.</param>
/// <param name="Strength">How far a vector is drawn.</param>
/// <param name="Temperature">Smaller heeds the nearest alone.</param>
public sealed record MeaningMemory(float[] Prototypes, float Strength, float Temperature)
{
    private const float Negligible = 1e-6f;

    /// <summary>Draws a vector of unit length towards the meanings it is near to.</summary>
    internal void Recall(Span<float> vector)
    {
        var dimensions = vector.Length;
        var shares = new float[Prototypes.Length / dimensions];
        for (var i = 0; i < shares.Length; i++)
            shares[i] = TensorPrimitives.Dot(Prototypes.AsSpan(i * dimensions, dimensions), vector) / Temperature;
        TensorPrimitives.SoftMax<float>(shares, shares);
        for (var i = 0; i < shares.Length; i++)
        {
            if (shares[i] > Negligible)
                TensorPrimitives.MultiplyAdd(Prototypes.AsSpan(i * dimensions, dimensions), shares[i] * Strength, vector, vector);
        }

        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
    }
}
