using Mefapex.Inference.Embedding;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class BatchPlanTests
{
    [Theory]
    [InlineData(new[] { 5 }, new[] { 1 })]
    [InlineData(new[] { 10, 10, 10 }, new[] { 3 })]
    [InlineData(new[] { 8, 9, 10, 120, 128 }, new[] { 3, 5 })]
    [InlineData(new[] { 50, 60 }, new[] { 2 })]
    [InlineData(new[] { 400, 400, 400 }, new[] { 2, 3 })]
    [InlineData(new[] { 20, 5000, 6000 }, new[] { 1, 2, 3 })]
    [InlineData(new int[0], new int[0])]
    public void Inputs_are_cut_where_padding_costs_more_than_a_run(int[] lengths, int[] ends) =>
        BatchPlan.Cut(lengths, tokensPerRun: 1000).ShouldBe(ends);

    [Fact]
    public void No_run_is_over_budget_and_padding_is_small()
    {
        var random = new Random(7);
        var lengths = Enumerable.Range(0, 256).Select(_ => random.Next(8, 129)).Order().ToArray();

        var start = 0;
        long padded = 0;
        foreach (var end in BatchPlan.Cut(lengths, tokensPerRun: 4096))
        {
            var tokens = (end - start) * lengths[end - 1];
            tokens.ShouldBeLessThanOrEqualTo(4096);
            padded += tokens;
            start = end;
        }

        start.ShouldBe(lengths.Length);
        (padded / (double)lengths.Sum()).ShouldBeLessThan(1.1);
    }
}
