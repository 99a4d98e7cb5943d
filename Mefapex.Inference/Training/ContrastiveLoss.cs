using System.Numerics.Tensors;

namespace Mefapex.Inference.Training;

/// <summary>
/// InfoNCE (van den Oord et al., "Representation learning with contrastive predictive coding", 2018) with several
/// positives: each pair of one group is told from the vectors of all other groups, and the other positives are left out
/// of the denominator. Vectors have unit length.
/// </summary>
internal sealed class ContrastiveLoss(float temperature, ParallelOptions parallel)
{
    /// <summary>The mean loss of the vectors that have a positive, and its gradient by each vector.</summary>
    public double Compute(float[][] vectors, int[] groups, float[][] gradients)
    {
        var count = vectors.Length;
        var byScore = new float[count][];
        var losses = new double[count];
        Parallel.For(0, count, parallel, i => byScore[i] = GradientByScore(vectors, groups, i, out losses[i]));

        var anchors = byScore.Count(row => row.Length > 0);
        var scale = 1 / (temperature * anchors);
        Parallel.For(0, count, parallel, i =>
        {
            var gradient = gradients[i];
            Array.Clear(gradient);
            for (var j = 0; j < count; j++)
            {
                var both = (byScore[i].Length > 0 ? byScore[i][j] : 0) + (byScore[j].Length > 0 ? byScore[j][i] : 0);
                if (both != 0)
                    TensorPrimitives.MultiplyAdd(vectors[j], both * scale, gradient, gradient);
            }
        });
        return losses.Sum() / anchors;
    }

    /// <summary>By each score of anchor <paramref name="i"/>; empty without a positive.</summary>
    private float[] GradientByScore(float[][] vectors, int[] groups, int i, out double loss)
    {
        var exponentials = new float[vectors.Length];
        var negatives = 0.0;
        var positives = 0;
        for (var j = 0; j < vectors.Length; j++)
        {
            // Against the highest score possible, 1, nothing overflows.
            exponentials[j] = MathF.Exp((TensorPrimitives.Dot<float>(vectors[i], vectors[j]) - 1) / temperature);
            if (groups[j] != groups[i])
                negatives += exponentials[j];
            else if (j != i)
                positives++;
        }

        loss = 0;
        if (positives == 0)
            return [];

        var gradient = new float[vectors.Length];
        var share = 0.0;
        for (var j = 0; j < vectors.Length; j++)
        {
            if (groups[j] != groups[i] || j == i)
                continue;
            var all = Math.Max(exponentials[j] + negatives, float.Epsilon);
            loss -= Math.Log(Math.Max(exponentials[j] / all, float.Epsilon)) / positives;
            gradient[j] = (float)(-(1 - (exponentials[j] / all)) / positives);
            share += 1 / all / positives;
        }

        for (var j = 0; j < vectors.Length; j++)
        {
            if (groups[j] != groups[i])
                gradient[j] = (float)(share * exponentials[j]);
        }

        return gradient;
    }
}
