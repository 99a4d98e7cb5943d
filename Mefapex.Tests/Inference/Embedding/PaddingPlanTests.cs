using Mefapex.Inference.Embedding;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class PaddingPlanTests
{
    [Fact]
    public void Inputs_of_one_length_run_together() =>
        PaddingPlan.Sizes([.. Enumerable.Repeat(64, 32)]).ShouldBe([32]);

    [Fact]
    public void Short_inputs_do_not_wait_for_long_ones() =>
        PaddingPlan.Sizes([8, 8, 8, 8, 128, 128]).ShouldBe([4, 2]);

    [Fact]
    public void A_little_padding_is_cheaper_than_another_run() =>
        PaddingPlan.Sizes([8, 9, 10, 11]).ShouldBe([4]);

    [Fact]
    public void Every_input_runs_once_and_mixed_lengths_waste_little()
    {
        int[] lengths = [.. Enumerable.Range(0, 500).Select(i => 8 + (i * 120 / 499))];

        var sizes = PaddingPlan.Sizes(lengths);

        sizes.Sum().ShouldBe(lengths.Length);
        sizes.ShouldAllBe(size => size >= 1 && size <= 64);
        var computed = 0;
        var end = 0;
        foreach (var size in sizes)
        {
            end += size;
            computed += size * lengths[end - 1];
        }

        computed.ShouldBeLessThan((int)(lengths.Sum() * 1.1));
        PaddingPlan.Sizes([]).ShouldBeEmpty();
    }
}
