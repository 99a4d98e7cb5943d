using Mefapex.AppHost.Local;

namespace Mefapex.Tests.AppHost;

public sealed class BackoffTests
{
    [Fact]
    public void Each_death_doubles_the_delay_up_to_half_a_minute()
    {
        var backoff = new Backoff();

        var delays = Enumerable.Range(0, 8).Select(_ => backoff.After(TimeSpan.FromSeconds(3)).TotalSeconds);

        delays.ShouldBe([1, 2, 4, 8, 16, 30, 30, 30]);
    }

    [Fact]
    public void A_minute_of_life_is_rewarded_with_the_shortest_delay()
    {
        var backoff = new Backoff();
        for (var i = 0; i < 5; i++)
            backoff.After(TimeSpan.Zero);

        backoff.After(TimeSpan.FromMinutes(1)).ShouldBe(TimeSpan.FromSeconds(1));
        backoff.After(TimeSpan.FromSeconds(59)).ShouldBe(TimeSpan.FromSeconds(2));
    }
}
