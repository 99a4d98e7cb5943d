namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Fits <see cref="PassageScorer"/>: logistic regression with an L2 penalty by gradient descent with a step per
/// figure; convex, so that the same passages always give the same weights.</summary>
internal static class PassageFit
{
    private const double Penalty = 0.002;
    private const int Rounds = 4000;
    private const double Step = 1.5;

    public static PassageWeights Fit(IReadOnlyList<(double[] Inputs, bool Answers)> passages, string? modelHash, int questions)
    {
        var weights = new double[PassageScorer.Names.Count];
        for (var round = 0; round < Rounds; round++)
        {
            var gradient = Array.ConvertAll(weights, w => Penalty * w);
            gradient[0] = 0;
            foreach (var (inputs, answers) in passages)
            {
                var error = (PassageScorer.Probability(inputs, weights) - (answers ? 1 : 0)) / passages.Count;
                for (var i = 0; i < inputs.Length; i++)
                    gradient[i] += error * inputs[i];
            }

            for (var i = 0; i < weights.Length; i++)
                weights[i] -= Step * gradient[i];
        }

        return new PassageWeights(
            [.. weights.Select(w => Math.Round(w, 4))], modelHash, questions, Math.Round(LogLoss(passages, weights), 4));
    }

    public static double LogLoss(IReadOnlyList<(double[] Inputs, bool Answers)> passages, IReadOnlyList<double> weights) =>
        passages.Average(p =>
        {
            var probability = PassageScorer.Probability(p.Inputs, weights);
            return -Math.Log(Math.Max(1e-12, p.Answers ? probability : 1 - probability));
        });
}
