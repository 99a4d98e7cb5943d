namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Fits <see cref="Calibration"/> to labelled questions: maximum likelihood with an L2 penalty by gradient
/// descent, which has one optimum, so that the same questions always give the same weights.</summary>
internal static class CalibrationFit
{
    private const double Penalty = 0.004;
    private const int Rounds = 20_000;
    private const double Tolerance = 1e-7;

    /// <summary>Candidate weights are kept at 0 and above: a better score of any stage never speaks against an entry.</summary>
    public static CalibrationWeights Fit(IReadOnlyList<Example> examples, string? modelHash)
    {
        var candidate = new double[Calibration.CandidateNames.Count];
        var none = new double[Calibration.NoneNames.Count];
        var step = 1.0;
        var loss = Objective(examples, candidate, none);
        for (var round = 0; round < Rounds; round++)
        {
            var (byCandidate, byNone) = Gradient(examples, candidate, none);
            // Backtracking keeps every step downhill.
            while (true)
            {
                var nextCandidate = candidate.Zip(byCandidate, (w, g) => Math.Max(0, w - (step * g))).ToArray();
                var nextNone = none.Zip(byNone, (w, g) => w - (step * g)).ToArray();
                var next = Objective(examples, nextCandidate, nextNone);
                if (next > loss && step > 1e-12)
                {
                    step /= 2;
                    continue;
                }

                var moved = nextCandidate.Zip(candidate, (a, b) => Math.Abs(a - b)).Concat(nextNone.Zip(none, (a, b) => Math.Abs(a - b))).Max();
                (candidate, none, loss) = (nextCandidate, nextNone, next);
                if (moved < Tolerance)
                    round = Rounds;
                step *= 1.3;
                break;
            }
        }

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

    private static double Objective(IReadOnlyList<Example> examples, double[] candidate, double[] none) =>
        LogLoss(examples, candidate, none) + (Penalty / 2 * (candidate.Sum(w => w * w) + none.Sum(w => w * w)));

    private static (double[] Candidate, double[] None) Gradient(IReadOnlyList<Example> examples, double[] candidate, double[] none)
    {
        var byCandidate = Array.ConvertAll(candidate, w => Penalty * w);
        var byNone = Array.ConvertAll(none, w => Penalty * w);
        foreach (var example in examples)
        {
            var probabilities = Calibration.Probabilities(example, candidate, none);
            var outside = 1 - probabilities.Sum();
            var right = Right(example, probabilities);
            for (var i = 0; i < probabilities.Length; i++)
            {
                var wanted = example.Right.Contains(i) ? probabilities[i] / Math.Max(1e-12, right) : 0;
                Add(byCandidate, example.Candidates[i], (probabilities[i] - wanted) / examples.Count);
            }

            Add(byNone, example.None, (outside - (example.Right.Length == 0 ? 1 : 0)) / examples.Count);
        }

        return (byCandidate, byNone);
    }

    private static void Add(double[] sum, double[] x, double factor)
    {
        for (var i = 0; i < sum.Length; i++)
            sum[i] += factor * x[i];
    }
}
