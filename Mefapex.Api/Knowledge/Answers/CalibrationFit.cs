namespace Mefapex.Api.Knowledge.Answers;

/// <summary>
/// Fits <see cref="Calibration"/> to labelled questions: maximum likelihood with an L2 penalty by Newton's method. There
/// is one optimum, so that the same questions always give the same weights.
/// </summary>
internal static class CalibrationFit
{
    private const double Penalty = 0.001;
    private const int MaxRounds = 100;
    private const double Tolerance = 1e-8;

    /// <summary>Candidate weights stay at 0 and above: a better score of any stage never speaks against an entry.</summary>
    public static CalibrationWeights Fit(IReadOnlyList<Example> examples, string? modelHash)
    {
        var (candidate, none) = Split(Fit(examples, bounded: Calibration.CandidateNames.Count), Calibration.CandidateNames.Count);
        return new CalibrationWeights(Rounded(candidate), Rounded(none), modelHash, examples.Count, Math.Round(LogLoss(examples, candidate, none), 4));
    }

    /// <summary>Fits <see cref="WarningSigns"/>: a choice between one candidate and nothing.</summary>
    public static WarningWeights FitWarnings(IReadOnlyList<(double[] Inputs, bool IsWarning)> examples)
    {
        List<Example> choices = [.. examples.Select(e => new Example([e.Inputs], [0], e.IsWarning ? [0] : []))];
        var weights = Fit(choices, bounded: 0)[..^1];
        return new WarningWeights(Rounded(weights), Math.Round(LogLoss(choices, weights, [0]), 4));
    }

    /// <param name="bounded">How many of the weights stay at 0 and above.</param>
    private static double[] Fit(IReadOnlyList<Example> examples, int bounded)
    {
        var size = examples.First(e => e.Candidates.Length > 0).Candidates[0].Length;
        var weights = new double[size + examples[0].None.Length];
        var loss = Objective(examples, weights, size);
        for (var round = 0; round < MaxRounds; round++)
        {
            var (gradient, curvature) = Derivatives(examples, weights, size);
            var free = Enumerable.Range(0, weights.Length)
                .Where(i => i >= bounded || weights[i] > 0 || gradient[i] < 0)
                .ToArray();
            var direction = Solve(curvature, gradient, free);
            var (next, nextLoss) = Descend(examples, weights, direction, loss, size, bounded);
            var gain = loss - nextLoss;
            (weights, loss) = (next, nextLoss);
            if (gain < Tolerance)
                break;
        }

        return weights;
    }

    /// <summary>Mean negative log probability of the right outcome, in nats.</summary>
    public static double LogLoss(IReadOnlyList<Example> examples, IReadOnlyList<double> candidate, IReadOnlyList<double> none) =>
        examples.Average(e => -Math.Log(Math.Max(1e-12, Right(e, Calibration.Probabilities(e, candidate, none)))));

    private static double Right(Example example, double[] probabilities) =>
        example.Right.Length > 0 ? example.Right.Sum(i => probabilities[i]) : 1 - probabilities.Sum();

    private static double Objective(IReadOnlyList<Example> examples, double[] weights, int size)
    {
        var (candidate, none) = Split(weights, size);
        return LogLoss(examples, candidate, none) + (Penalty / 2 * weights.Sum(w => w * w));
    }

    private static (double[] Candidate, double[] None) Split(double[] weights, int size) => (weights[..size], weights[size..]);

    private static double[] Rounded(double[] weights) => Array.ConvertAll(weights, w => Math.Round(w, 4));

    /// <summary>Gradient and curvature of the objective; the curvature is the covariance of the figures under the
    /// model, which is positive definite with the penalty.</summary>
    private static (double[] Gradient, double[,] Curvature) Derivatives(IReadOnlyList<Example> examples, double[] weights, int size)
    {
        var count = weights.Length;
        var gradient = Array.ConvertAll(weights, w => Penalty * w);
        var curvature = new double[count, count];
        for (var i = 0; i < count; i++)
            curvature[i, i] = Penalty;

        var (candidate, none) = Split(weights, size);
        foreach (var example in examples)
        {
            var probabilities = Calibration.Probabilities(example, candidate, none);
            var right = Math.Max(1e-12, Right(example, probabilities));
            var mean = new double[count];
            for (var option = 0; option <= probabilities.Length; option++)
            {
                var isNone = option == probabilities.Length;
                var probability = isNone ? Math.Max(0, 1 - probabilities.Sum()) : probabilities[option];
                var wanted = isNone
                    ? example.Right.Length == 0 ? 1 : 0
                    : example.Right.Contains(option) ? probability / right : 0;
                var figures = isNone ? example.None : example.Candidates[option];
                var offset = isNone ? candidate.Length : 0;
                for (var i = 0; i < figures.Length; i++)
                {
                    mean[offset + i] += probability * figures[i];
                    gradient[offset + i] += (probability - wanted) * figures[i] / examples.Count;
                    for (var j = 0; j < figures.Length; j++)
                        curvature[offset + i, offset + j] += probability * figures[i] * figures[j] / examples.Count;
                }
            }

            for (var i = 0; i < count; i++)
            {
                for (var j = 0; j < count; j++)
                    curvature[i, j] -= mean[i] * mean[j] / examples.Count;
            }
        }

        return (gradient, curvature);
    }

    /// <summary>The Newton step over the free weights, by Gaussian elimination.</summary>
    private static double[] Solve(double[,] curvature, double[] gradient, int[] free)
    {
        var n = free.Length;
        var rows = free.Select(i => free.Select(j => curvature[i, j]).Append(gradient[i]).ToArray()).ToArray();
        for (var pivot = 0; pivot < n; pivot++)
        {
            for (var row = pivot + 1; row < n; row++)
            {
                var factor = rows[row][pivot] / rows[pivot][pivot];
                for (var column = pivot; column <= n; column++)
                    rows[row][column] -= factor * rows[pivot][column];
            }
        }

        var step = new double[gradient.Length];
        for (var row = n - 1; row >= 0; row--)
        {
            var sum = rows[row][n];
            for (var column = row + 1; column < n; column++)
                sum -= rows[row][column] * step[free[column]];
            step[free[row]] = sum / rows[row][row];
        }

        return step;
    }

    /// <summary>Goes along the step, shortened until the objective falls.</summary>
    private static (double[] Weights, double Loss) Descend(
        IReadOnlyList<Example> examples,
        double[] weights,
        double[] step,
        double loss,
        int size,
        int bounded)
    {
        for (var length = 1.0; length > 1e-6; length /= 2)
        {
            var next = new double[weights.Length];
            for (var i = 0; i < next.Length; i++)
            {
                var value = weights[i] - (length * step[i]);
                next[i] = i < bounded ? Math.Max(0, value) : value;
            }

            var nextLoss = Objective(examples, next, size);
            if (nextLoss < loss)
                return (next, nextLoss);
        }

        return (weights, loss);
    }
}
