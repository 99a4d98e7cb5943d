using System.Globalization;
using Mefapex.Ai.Models;
using Mefapex.Inference.Serving;
using Mefapex.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Ai;

public sealed class MemoryGuardTests : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();
    private readonly ServingMetrics _metrics = new();
    private readonly VectorCache _cache = new(10);
    private readonly Lines _log = new();
    private readonly MemoryBudget _budget;
    private readonly ModelSlot<object> _slot;
    private long _resident = 50 << 20;

    public MemoryGuardTests()
    {
        _budget = new MemoryBudget(new MemoryBudgetOptions(), () => _resident);
        _slot = new ModelSlot<object>(
            "embedding",
            new ModelLoader<object>(_ => 1, _ => new object(), (_, _) => { }, _ => null),
            new ModelSlotOptions(),
            _budget,
            _time,
            _metrics);
    }

    public async ValueTask DisposeAsync()
    {
        await _slot.DisposeAsync();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Below_the_threshold_nothing_is_done()
    {
        using var guard = await GuardAsync();

        Pass(guard);

        guard.UnderPressure.ShouldBeFalse();
        _slot.Status.State.ShouldBe(ModelState.Ready);
        _cache.Status.Entries.ShouldBe(1);
        _log.Written.ShouldBeEmpty();
    }

    [Fact]
    public async Task Above_it_what_is_unused_goes_and_each_change_is_told_once()
    {
        using var guard = await GuardAsync();

        _resident = 150 << 20;
        Pass(guard);
        Pass(guard);
        guard.UnderPressure.ShouldBeTrue();
        _slot.Status.State.ShouldBe(ModelState.Unloaded);
        _cache.Status.Entries.ShouldBe(0);
        _resident = 95 << 20;
        Pass(guard);
        guard.UnderPressure.ShouldBeTrue();
        _resident = 80 << 20;
        Pass(guard);
        Pass(guard);

        guard.UnderPressure.ShouldBeFalse();
        _log.Written.Count.ShouldBe(2);
        _log.Written[0].ShouldContain("Memory of 150 MiB is above the threshold of 100 MiB");
        _log.Written[1].ShouldContain("Memory of 80 MiB is below the threshold of 100 MiB again");
    }

    [Fact]
    public async Task A_model_in_use_stays_until_it_is_given_back()
    {
        using var guard = await GuardAsync();
        var lease = await _slot.AcquireAsync(TestContext.Current.CancellationToken);
        _resident = 150 << 20;

        Pass(guard);
        _slot.Status.State.ShouldBe(ModelState.Ready);
        lease.Dispose();
        guard.Look(Interval);
        _slot.Status.State.ShouldBe(ModelState.Ready);
        Pass(guard);

        _slot.Status.State.ShouldBe(ModelState.Unloaded);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, 3)]
    public async Task Garbage_is_collected_in_the_configured_interval(int seconds, int collections)
    {
        _log.Lowest = LogLevel.Debug;
        using var guard = await GuardAsync(seconds);

        for (var i = 0; i < 6; i++)
            Pass(guard);

        _log.Written.Count(line => line.Contains("Collected garbage", StringComparison.Ordinal)).ShouldBe(collections);
    }

    private void Pass(MemoryGuard guard)
    {
        _time.Advance(Interval);
        guard.Look(Interval);
    }

    private async Task<MemoryGuard> GuardAsync(int forceGcSeconds = 0)
    {
        await _slot.WarmUpAsync(TestContext.Current.CancellationToken);
        _cache.Add(1, [1f], 1);
        return new MemoryGuard(
            [new ModelRegistration(_slot, Preload: true)],
            _cache,
            _budget,
            Options.Create(new ModelOptions { MemoryThresholdMb = 100, ForceGcSeconds = forceGcSeconds }),
            _time,
            _log);
    }

    private sealed class Lines : ILogger<MemoryGuard>
    {
        public LogLevel Lowest { get; set; } = LogLevel.Information;

        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= Lowest;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add(string.Create(CultureInfo.InvariantCulture, $"{formatter(state, exception)}"));
    }
}
