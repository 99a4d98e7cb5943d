using System.Numerics.Tensors;

namespace Mefapex.Inference.Training;

/// <summary>
/// The encoder's table while it learns. Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015) in its
/// lazy form: only the rows that a batch touched move, each with a step count of its own.
/// </summary>
internal sealed class SubwordTable(float[] values, int dimensions)
{
    private const float MeanDecay = 0.9f;
    private const float SquareDecay = 0.999f;
    private const float Tiny = 1e-8f;

    private readonly float[] _means = new float[values.Length];
    private readonly float[] _squares = new float[values.Length];
    private readonly int[] _steps = new int[values.Length / dimensions];

    public float[] Values { get; } = values;

    public int Dimensions { get; } = dimensions;

    /// <summary>Moves a row against its gradient.</summary>
    public void Step(int row, ReadOnlySpan<float> gradient, float learningRate)
    {
        var at = row * Dimensions;
        var mean = _means.AsSpan(at, Dimensions);
        var square = _squares.AsSpan(at, Dimensions);
        var value = Values.AsSpan(at, Dimensions);
        var steps = ++_steps[row];
        var meanShare = 1 - MathF.Pow(MeanDecay, steps);
        var squareShare = 1 - MathF.Pow(SquareDecay, steps);

        for (var i = 0; i < gradient.Length; i++)
        {
            mean[i] = (MeanDecay * mean[i]) + ((1 - MeanDecay) * gradient[i]);
            square[i] = (SquareDecay * square[i]) + ((1 - SquareDecay) * gradient[i] * gradient[i]);
            value[i] -= learningRate * (mean[i] / meanShare) / (MathF.Sqrt(square[i] / squareShare) + Tiny);
        }
    }

    /// <summary>The weighted sum of rows and its length before it is brought to unit length.</summary>
    public static float Encode(ReadOnlySpan<float> values, (long[] Ids, float[] Weights) features, Span<float> vector)
    {
        vector.Clear();
        for (var i = 0; i < features.Ids.Length; i++)
        {
            var row = values.Slice((int)features.Ids[i] * vector.Length, vector.Length);
            TensorPrimitives.MultiplyAdd(row, features.Weights[i], vector, vector);
        }

        var norm = MathF.Max(TensorPrimitives.Norm<float>(vector), 1e-12f);
        TensorPrimitives.Divide(vector, norm, vector);
        return norm;
    }
}
