using Mefapex.Bench.Measuring;

namespace Mefapex.Tests.Bench;

public sealed class MeasuringTests
{
    [Fact]
    public void Percentiles_are_those_of_the_nearest_rank()
    {
        var timings = new Timings();
        foreach (var value in Enumerable.Range(1, 200).Reverse())
            timings.Add(value);

        var latency = timings.Summary();

        latency.ShouldBe(new Latency(200, 100, 190, 198, 200, 20_100));
    }

    [Fact]
    public void No_calls_have_no_percentiles() => double.IsNaN(new Timings().Summary().P50).ShouldBeTrue();

    [Theory]
    [InlineData(new double[] { 10, 10, 10, 10 }, 0)]
    [InlineData(new double[] { 1, 3, 5, 7 }, 2)]
    [InlineData(new double[] { 0, 10, 0, 10 }, 2)]
    [InlineData(new double[] { 5 }, 0)]
    public void The_slope_is_that_of_the_least_squares_line(double[] values, double slope) =>
        Trend.Slope([.. values.Select((value, index) => ((double)index, value))]).ShouldBe(slope, 1e-9);

    [Fact]
    public void Options_are_taken_once_and_the_rest_is_refused()
    {
        var options = new Options(["--minutes", "2.5", "--no-peer", "--speed"]);

        options.Take("--minutes", 30, 0, 60).ShouldBe(2.5);
        options.Take("--rate", 100, 1, 1000).ShouldBe(100);
        options.TakeFlag("--no-peer").ShouldBeTrue();
        Should.Throw<BenchException>(options.Finish).Message.ShouldContain("--speed");
        Should.Throw<BenchException>(() => new Options(["--rate", "0"]).Take("--rate", 100, 1, 1000)).Message.ShouldContain("1 to 1000");
        Should.Throw<BenchException>(() => new Options(["--rate"]).Take("--rate")).Message.ShouldContain("needs a value");
    }
}
