using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Serving;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Inference.Serving;

public sealed class ModelSlotTests
{
    private readonly ManualTime _time = new();
    private readonly List<ModelChange> _changes = [];
    private readonly List<Model> _loaded = [];
    private Func<Model> _load = () => new Model();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_loaded_before_the_first_use_and_then_through_every_state()
    {
        await using var slot = Slot();
        var before = slot.Status;

        using (var lease = await slot.AcquireAsync(Cancellation))
            lease.Model.ShouldBe(_loaded.ShouldHaveSingleItem());
        await slot.UnloadAsync(cancellationToken: Cancellation);

        before.State.ShouldBe(ModelState.Unloaded);
        before.Memory.ShouldBeNull();
        _loaded[0].WarmedUp.ShouldBeTrue();
        _loaded[0].Disposed.ShouldBeTrue();
        _changes.Select(change => change.To).ShouldBe(
            [ModelState.Loading, ModelState.WarmingUp, ModelState.Ready, ModelState.Draining, ModelState.Unloaded]);
        slot.Status.ShouldSatisfyAllConditions(
            status => status.Loads.ShouldBe(1), status => status.Unloads.ShouldBe(1), status => status.Leases.ShouldBe(0));
    }

    [Fact]
    public async Task All_who_come_while_it_loads_share_the_load()
    {
        using var open = new ManualResetEventSlim();
        _load = () =>
        {
            open.Wait(Cancellation);
            return new Model();
        };
        await using var slot = Slot();

        var callers = Enumerable.Range(0, 20).Select(_ => slot.AcquireAsync(Cancellation).AsTask()).ToArray();
        await Eventually.UntilAsync(() => slot.Status.State == ModelState.Loading, "it loads");
        open.Set();
        var leases = await Task.WhenAll(callers);

        _loaded.Count.ShouldBe(1);
        slot.Status.Leases.ShouldBe(20);
        foreach (var lease in leases)
            lease.Dispose();
        slot.Status.Leases.ShouldBe(0);
    }

    [Fact]
    public async Task A_caller_that_gives_up_leaves_the_load_to_the_others()
    {
        using var open = new ManualResetEventSlim();
        _load = () =>
        {
            open.Wait(Cancellation);
            return new Model();
        };
        await using var slot = Slot();
        using var impatient = new CancellationTokenSource();
        var first = slot.AcquireAsync(impatient.Token).AsTask();
        var second = slot.AcquireAsync(Cancellation).AsTask();

        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(first);
        open.Set();
        (await second).Dispose();

        _loaded.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Unloading_waits_for_who_holds_it_and_those_who_come_meanwhile_get_it_loaded_again()
    {
        await using var slot = Slot();
        var held = await slot.AcquireAsync(Cancellation);

        var unload = slot.UnloadAsync(cancellationToken: Cancellation);
        var next = slot.AcquireAsync(Cancellation).AsTask();
        unload.IsCompleted.ShouldBeFalse();
        next.IsCompleted.ShouldBeFalse();
        slot.TryAcquire(out _).ShouldBeFalse();
        held.Model.Disposed.ShouldBeFalse();
        held.Dispose();
        held.Dispose();

        (await unload).ShouldBeTrue();
        held.Model.Disposed.ShouldBeTrue();
        using var lease = await next;
        lease.Model.Disposed.ShouldBeFalse();
        _loaded.Count.ShouldBe(2);
    }

    [Fact]
    public async Task It_is_unloaded_after_the_configured_time_without_use_and_not_while_it_is_held()
    {
        await using var slot = Slot(new ModelSlotOptions { IdleUnload = TimeSpan.FromMinutes(10) });
        var held = await slot.AcquireAsync(Cancellation);
        _time.Advance(TimeSpan.FromMinutes(25));
        slot.Status.State.ShouldBe(ModelState.Ready);

        held.Dispose();
        _time.Advance(TimeSpan.FromMinutes(9));
        slot.Status.State.ShouldBe(ModelState.Ready);
        (await slot.AcquireAsync(Cancellation)).Dispose();
        _time.Advance(TimeSpan.FromMinutes(9));
        slot.Status.State.ShouldBe(ModelState.Ready);
        _time.Advance(TimeSpan.FromMinutes(11));

        slot.Status.State.ShouldBe(ModelState.Unloaded);
        _changes[^1].Unload.ShouldBe(UnloadReason.Idle);
        (await slot.AcquireAsync(Cancellation)).Dispose();
        _loaded.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Only_an_unused_model_is_unloaded_for_lack_of_memory()
    {
        await using var slot = Slot();
        var held = await slot.AcquireAsync(Cancellation);
        slot.TryUnloadIdle(TimeSpan.Zero, UnloadReason.Memory).ShouldBeFalse();
        held.Dispose();
        slot.TryUnloadIdle(TimeSpan.FromSeconds(1), UnloadReason.Memory).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));

        slot.TryUnloadIdle(TimeSpan.FromSeconds(1), UnloadReason.Memory).ShouldBeTrue();
        slot.Status.State.ShouldBe(ModelState.Unloaded);
    }

    [Fact]
    public async Task A_failure_is_remembered_and_tried_again_after_delays_that_grow()
    {
        var tries = 0;
        _load = () => ++tries < 3 ? throw new ModelException(ModelFault.Damaged, "model file x is damaged") : new Model();
        await using var slot = Slot();

        var first = await Should.ThrowAsync<ModelUnavailableException>(() => slot.WarmUpAsync(Cancellation));
        var remembered = await Should.ThrowAsync<ModelUnavailableException>(() => slot.WarmUpAsync(Cancellation));
        first.Message.ShouldContain("model file x is damaged");
        remembered.Message.ShouldContain("model file x is damaged");
        remembered.RetryAfter.ShouldBe(TimeSpan.FromSeconds(1));
        tries.ShouldBe(1);
        slot.Status.State.ShouldBe(ModelState.Failed);
        slot.Status.Failure.ShouldBeOfType<ModelException>();

        _time.Advance(TimeSpan.FromSeconds(1));
        await Should.ThrowAsync<ModelUnavailableException>(() => slot.WarmUpAsync(Cancellation));
        tries.ShouldBe(2);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Should.ThrowAsync<ModelUnavailableException>(() => slot.WarmUpAsync(Cancellation));
        tries.ShouldBe(2);
        _time.Advance(TimeSpan.FromSeconds(1));
        await slot.WarmUpAsync(Cancellation);

        tries.ShouldBe(3);
        slot.Status.ShouldSatisfyAllConditions(
            status => status.State.ShouldBe(ModelState.Ready),
            status => status.Failure.ShouldBeNull(),
            status => status.Loads.ShouldBe(1),
            status => status.LoadFailures.ShouldBe(2));
    }

    [Fact]
    public async Task A_model_that_fails_its_first_run_is_freed()
    {
        var spoilt = new Model { FailsWarmUp = true };
        _load = () => spoilt;
        await using var slot = Slot();

        await Should.ThrowAsync<ModelUnavailableException>(() => slot.WarmUpAsync(Cancellation));

        spoilt.Disposed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_model_larger_than_what_is_left_is_refused_with_the_numbers()
    {
        await using var slot = Slot(
            budget: new MemoryBudget(new MemoryBudgetOptions { ProcessBytes = 100 << 20 }, () => 60 << 20), bytes: 50 << 20);

        var refused = await Should.ThrowAsync<ModelUnavailableException>(() => slot.WarmUpAsync(Cancellation));

        refused.InnerException.ShouldBeOfType<ModelException>().Fault.ShouldBe(ModelFault.TooLarge);
        refused.Message.ShouldContain("50 MiB and the process has 40 MiB left: 100 MiB allowed, 60 MiB resident");
        _loaded.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_model_larger_than_one_may_be_is_refused_with_the_numbers()
    {
        await using var slot = Slot(budget: new MemoryBudget(new MemoryBudgetOptions { ModelBytes = 10 << 20 }), bytes: 50 << 20);

        (await Should.ThrowAsync<ModelUnavailableException>(() => slot.WarmUpAsync(Cancellation)))
            .Message.ShouldContain("50 MiB and one model may have 10 MiB");
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public async Task In_an_emergency_only_small_models_are_loaded(int mebibytes, bool loads)
    {
        await using var slot = Slot(
            budget: new MemoryBudget(new MemoryBudgetOptions { Emergency = true }), bytes: mebibytes * 1024L * 1024);

        var load = slot.WarmUpAsync(Cancellation);

        if (loads)
            await load;
        else
            (await Should.ThrowAsync<ModelUnavailableException>(load)).Cause.ShouldBe(ModelUnavailability.Emergency);
    }

    [Fact]
    public async Task What_is_being_loaded_counts_against_the_budget()
    {
        using var open = new ManualResetEventSlim();
        var budget = new MemoryBudget(new MemoryBudgetOptions { ProcessBytes = 100 << 20 }, () => 0);
        _load = () =>
        {
            open.Wait(Cancellation);
            return new Model();
        };
        await using var first = Slot(budget: budget, bytes: 60 << 20);
        await using var second = Slot(budget: budget, bytes: 60 << 20);
        var loading = first.WarmUpAsync(Cancellation);
        await Eventually.UntilAsync(() => first.Status.State == ModelState.Loading, "the first loads");
        await Eventually.UntilAsync(() => budget.Reserved > 0, "the first has claimed its room");
        var refused = await Should.ThrowAsync<ModelUnavailableException>(() => second.WarmUpAsync(Cancellation));
        open.Set();
        await loading;

        refused.Message.ShouldContain("60 MiB being loaded");
        budget.Reserved.ShouldBe(0);
    }

    [Fact]
    public async Task Switched_off_models_are_refused_without_loading()
    {
        await using var slot = Slot(new ModelSlotOptions { Disabled = true });

        var refused = await Should.ThrowAsync<ModelUnavailableException>(() => slot.WarmUpAsync(Cancellation));

        refused.Cause.ShouldBe(ModelUnavailability.Disabled);
        slot.Status.State.ShouldBe(ModelState.Unloaded);
        _changes.ShouldBeEmpty();
    }

    [Fact]
    public async Task After_disposal_it_is_freed_and_refused()
    {
        var slot = Slot();
        await slot.WarmUpAsync(Cancellation);

        await slot.DisposeAsync();
        await slot.DisposeAsync();

        _loaded[0].Disposed.ShouldBeTrue();
        (await Should.ThrowAsync<ModelUnavailableException>(() => slot.WarmUpAsync(Cancellation)))
            .Cause.ShouldBe(ModelUnavailability.ShuttingDown);
    }

    [Fact]
    public async Task Unloading_while_it_loads_waits_for_the_load()
    {
        using var open = new ManualResetEventSlim();
        _load = () =>
        {
            open.Wait(Cancellation);
            return new Model();
        };
        await using var slot = Slot();
        var loading = slot.WarmUpAsync(Cancellation);
        var unloading = slot.UnloadAsync(cancellationToken: Cancellation);
        open.Set();
        await loading;

        (await unloading).ShouldBeTrue();
        slot.Status.State.ShouldBe(ModelState.Unloaded);
        (await slot.UnloadAsync(cancellationToken: Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task Unloading_all_the_time_never_takes_a_model_from_its_user()
    {
        await using var slot = Slot();
        using var enough = new CancellationTokenSource();
        var users = Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                do
                {
                    using var lease = await slot.AcquireAsync(Cancellation);
                    lease.Model.Disposed.ShouldBeFalse();
                    await Task.Yield();
                    lease.Model.Disposed.ShouldBeFalse();
                }
                while (!enough.IsCancellationRequested);
            },
            Cancellation)).ToArray();
        for (var unloads = 0; unloads < 100;)
        {
            if (await slot.UnloadAsync(cancellationToken: Cancellation) | slot.TryUnloadIdle(TimeSpan.Zero, UnloadReason.Memory))
                unloads++;
            await Task.Yield();
        }

        await enough.CancelAsync();
        await Task.WhenAll(users);
        slot.Status.Loads.ShouldBeGreaterThanOrEqualTo(100);
    }

    private ModelSlot<Model> Slot(ModelSlotOptions? options = null, MemoryBudget? budget = null, long bytes = 1000) => new(
        "embedding",
        new ModelLoader<Model>(
            _ => bytes,
            _ =>
            {
                var model = _load();
                lock (_loaded)
                    _loaded.Add(model);
                return model;
            },
            (model, _) => model.WarmUp(),
            _ => null),
        (options ?? new ModelSlotOptions()) with { Changed = Remember },
        budget ?? new MemoryBudget(new MemoryBudgetOptions()),
        _time,
        new ServingMetrics());

    private void Remember(ModelChange change)
    {
        lock (_changes)
            _changes.Add(change);
    }

    private sealed class Model : IDisposable
    {
        public bool WarmedUp { get; private set; }

        public bool FailsWarmUp { get; init; }

        public bool Disposed { get; private set; }

        public void WarmUp() => WarmedUp = FailsWarmUp ? throw new InvalidOperationException("no first run") : true;

        public void Dispose() => Disposed = true;
    }
}
