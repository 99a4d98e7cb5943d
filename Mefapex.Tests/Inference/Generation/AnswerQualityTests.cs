using Mefapex.Inference.Generation;

namespace Mefapex.Tests.Inference.Generation;

public sealed class AnswerQualityTests
{
    [Theory]
    [InlineData(7)]
    [InlineData(1300)]
    public void The_probability_of_a_token_is_the_softmax_of_its_logit(int vocabulary)
    {
        var random = new Random(5);
        var logits = Enumerable.Range(0, vocabulary).Select(_ => (float)((random.NextDouble() * 60) - 200)).ToArray();
        var sum = logits.Sum(logit => Math.Exp(logit + 150.0));

        for (var token = 0; token < vocabulary; token += 6)
        {
            AnswerQuality.LogProbability(logits, token)
                .ShouldBe(Math.Log(Math.Exp(logits[token] + 150.0) / sum), 1e-4);
        }
    }

    [Fact]
    public void The_score_is_the_geometric_mean()
    {
        var quality = new AnswerQuality();
        quality.Score.ShouldBeNull();

        quality.Add([0, 0], 0).ShouldBeTrue();
        quality.Add([MathF.Log(9), 0], 1).ShouldBeTrue();

        quality.Tokens.ShouldBe(2);
        quality.Score.ShouldNotBeNull().ShouldBe(Math.Sqrt(0.5 * 0.1), 1e-6);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_logit_that_is_no_number_is_found(float logit) => new AnswerQuality().Add([0, logit, 1], 0).ShouldBeFalse();
}
