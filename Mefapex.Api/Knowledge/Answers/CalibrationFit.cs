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
        var weights = new double[Calibration.CandidateNames.Count + Calibration.NoneNames.Count];
        var loss = Objective(examples, weights);
        for (var round = 0; round < MaxRounds; round++)
        {
            var (gradient, curvature) = Derivatives(examples, weights);
            var free = Enumerable.Range(0, weights.Length)
                .Where(i => i >= Calibration.CandidateNames.Count || weights[i] > 0 || gradient[i] < 0)
                .ToArray();
            var direction = Solve(curvature, gradient, free);
            var (next, nextLoss) = Descend(examples, weights, direction, loss);
            var gain = loss - nextLoss;
            (weights, loss) = (next, nextLoss);
            if (gain < Tolerance)
                break;
        }

        var (candidate, none) = Split(weights);
        return new CalibrationWeights(
            [.. candidate.Select(w => Math.Round(w, 4))],
            [.. none.Select(w => Math.Round(w, 4))],
            modelHash,
            examples.Count,
            Math.Round(LogLoss(examples, candidate, none), 4));
    }

    /// <summary>Mean negative log probability of the right outcome, in nats.</summary>
    public static double LogLoss(IReadOnlyList<Example> examples, IReadOnlyList<double> candidate, IReadOnlyList<double> none) =>
        examples.Average(e => -Math.Log(Math.Max(1e-12, Right(e, Calibration.Probabilities(e, candidate, none)))));

    private static double Right(Example example, double[] probabilities) =>
        example.Right.Length > 0 ? example.Right.Sum(i => probabilities[i]) : 1 - probabilities.Sum();

    private static double Objective(IReadOnlyList<Example> examples, double[] weights)
    {
        var (candidate, none) = Split(weights);
        return LogLoss(examples, candidate, none) + (Penalty / 2 * weights.Sum(w => w * w));
    }

    private static (double[] Candidate, double[] None) Split(double[] weights) =>
        (weights[..Calibration.CandidateNames.Count], weights[Calibration.CandidateNames.Count..]);

    /// <summary>Gradient and curvature of the objective; the curvature is the covariance of the figures under the
    /// model, which is positive definite with the penalty.</summary>
    private static (double[] Gradient, double[,] Curvature) Derivatives(IReadOnlyList<Example> examples, double[] weights)
    {
        var size = weights.Length;
        var gradient = Array.ConvertAll(weights, w => Penalty * w);
        var curvature = new double[size, size];
        for (var i = 0; i < size; i++)
            curvature[i, i] = Penalty;

        var (candidate, none) = Split(weights);
        foreach (var example in examples)
        {
            var probabilities = Calibration.Probabilities(example, candidate, none);
            var right = Math.Max(1e-12, Right(example, probabilities));
            var mean = new double[size];
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

            for (var i = 0; i < size; i++)
            {
                for (var j = 0; j < size; j++)
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
        double loss)
    {
        for (var length = 1.0; length > 1e-6; length /= 2)
        {
            var next = new double[weights.Length];
            for (var i = 0; i < next.Length; i++)
            {
                var value = weights[i] - (length * step[i]);
                next[i] = i < Calibration.CandidateNames.Count ? Math.Max(0, value) : value;
            }

            var nextLoss = Objective(examples, next);
            if (nextLoss < loss)
                return (next, nextLoss);
        }

        return (weights, loss);
    }
}
