using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Numerics.Tensors;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;
using Mefapex.Tests.Support;
using Microsoft.Extensions.AI;

namespace Mefapex.Tests.Inference.Serving;

public sealed class BatchingEmbeddingGeneratorTests : IAsyncDisposable
{
    private const string Long = "Yıllık izin talebimi sistemden nasıl girebilirim ve bu talebi hangi yönetici onaylar acaba?";

    private readonly ManualTime _time = new();
    private readonly GatedEncoder _encoder = GatedEncoder.OfBundled();
    private readonly ServingMetrics _metrics = new();
    private readonly ModelSlot<ITextEncoder> _slot;

    public BatchingEmbeddingGeneratorTests() => _slot = new ModelSlot<ITextEncoder>(
        "embedding", _encoder.Loader(), new ModelSlotOptions(), new MemoryBudget(new MemoryBudgetOptions()), _time, _metrics);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _encoder.Open();
        await _slot.DisposeAsync();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Vectors_are_those_of_the_encoder_in_the_order_of_the_texts_with_model_and_tokens()
    {
        using var generator = Generator();
        string[] texts = ["izin", Long, "👍", "izin"];

        var answer = await generator.GenerateAsync(texts, cancellationToken: Cancellation);

        using var alone = SubwordEncoder.LoadBundled();
        for (var i = 0; i < texts.Length; i++)
            TensorPrimitives.Distance(answer[i].Vector.Span, alone.Encode(texts[i], cancellationToken: Cancellation)).ShouldBeLessThan(1e-5f);
        BatchingEmbeddingGenerator.ManifestOf(answer).Sha256.ShouldBe(alone.Manifest.Sha256);
        answer.Usage!.InputTokenCount.ShouldBe(texts.Sum(text => alone.Tokenize(text).Length));
        generator.GetService(typeof(EmbeddingGeneratorMetadata)).ShouldBeOfType<EmbeddingGeneratorMetadata>()
            .DefaultModelDimensions.ShouldBe(256);
    }

    [Fact]
    public async Task A_lone_text_is_computed_on_its_callers_thread()
    {
        using var generator = Generator();
        await _slot.WarmUpAsync(Cancellation);
        var thread = 0;
        _encoder.Before = _ => thread = Environment.CurrentManagedThreadId;
        var here = Environment.CurrentManagedThreadId;

        var answer = generator.GenerateAsync(["izin"], cancellationToken: Cancellation);

        answer.IsCompletedSuccessfully.ShouldBeTrue();
        thread.ShouldBe(here);
    }

    [Fact]
    public async Task What_waits_runs_together_by_like_length()
    {
        using var generator = Generator();
        var busy = await BusyAsync(generator);
        var waiting = Enumerable.Range(0, 6).Select(i => EmbedAsync(generator, i % 2 == 0 ? $"izin {i}" : $"{Long} {i}")).ToArray();
        await WaitingAsync(generator, 6);

        _encoder.Open();
        await Task.WhenAll([busy, .. waiting]);

        _encoder.Runs.Count.ShouldBe(3);
        _encoder.Runs[1].Length.ShouldBe(3);
        _encoder.Runs[2].Length.ShouldBe(3);
        _encoder.Runs[1].Max().ShouldBeLessThan(_encoder.Runs[2].Min());
    }

    [Fact]
    public async Task No_run_has_more_tokens_than_its_budget()
    {
        using var generator = Generator(new EmbeddingServingOptions { Workers = 1, TokensPerRun = 600 });

        await generator.GenerateAsync(Enumerable.Range(0, 100).Select(i => $"{Long} {i}"), cancellationToken: Cancellation);

        _encoder.Runs.Count.ShouldBeGreaterThan(1);
        _encoder.Runs.ShouldAllBe(run => run.Length == 1 || run.Max() * run.Length <= 600);
        _encoder.Runs.Sum(run => run.Length).ShouldBe(100);
    }

    [Fact]
    public async Task One_text_does_not_wait_behind_all_of_another_callers()
    {
        using var generator = Generator(new EmbeddingServingOptions { Workers = 1, TokensPerRun = 512, MaxQueuedTexts = 100_000 });
        var busy = await BusyAsync(generator);
        var computed = 0;
        var seen = 0;
        var mine = _encoder.Tokenize("otopark").Ids;
        _encoder.Before = batch =>
        {
            if (batch.Any(input => input.Ids.SequenceEqual(mine)))
                seen = computed;
            computed += batch.Count;
        };
        var many = Enumerable.Range(0, 4).Select(part => generator.GenerateAsync(
            Enumerable.Range(0, 250).Select(i => $"{Long} {part} {i}"), new EmbeddingCallOptions { Caller = "indexer" }, Cancellation)).ToArray();
        await WaitingAsync(generator, 1000);
        var one = EmbedAsync(generator, "otopark", new EmbeddingCallOptions { Caller = "person" });

        _encoder.Open();
        await one;
        await Task.WhenAll([busy, .. many]);

        computed.ShouldBeGreaterThan(1000);
        seen.ShouldBeLessThan(20);
    }

    [Fact]
    public async Task Calls_of_one_caller_share_its_turn()
    {
        using var generator = Generator(new EmbeddingServingOptions { Workers = 1, TokensPerRun = 512, MaxQueuedTexts = 100_000 });
        var busy = await BusyAsync(generator);
        var order = new List<long>();
        _encoder.Before = batch => order.AddRange(batch.Select(input => input.Ids[0]));
        var greedy = Enumerable.Range(0, 200).Select(i => EmbedAsync(
            generator, $"{Long} {i}", new EmbeddingCallOptions { Caller = "greedy" })).ToArray();
        await WaitingAsync(generator, 200);
        var modest = Enumerable.Range(0, 5).Select(i => EmbedAsync(
            generator, $"otopark {i}", new EmbeddingCallOptions { Caller = "modest" })).ToArray();
        await WaitingAsync(generator, 205);
        var firsts = Enumerable.Range(0, 5).Select(i => _encoder.Tokenize($"otopark {i}").Ids[0]).ToHashSet();

        _encoder.Open();
        await Task.WhenAll([busy, .. greedy, .. modest]);

        order.FindLastIndex(firsts.Contains).ShouldBeLessThan(40);
    }

    [Fact]
    public async Task Ten_thousand_texts_of_one_call_leave_room_for_others()
    {
        using var generator = Generator(new EmbeddingServingOptions { Workers = 2, MaxQueuedTexts = 64 });
        var many = Task.Run(
            () => generator.GenerateAsync(Enumerable.Range(0, 10_000).Select(i => $"dosya {i}"), cancellationToken: Cancellation),
            Cancellation);
        var served = 0;
        while (!many.IsCompleted)
        {
            try
            {
                await EmbedAsync(generator, $"otopark {served}");
                served++;
            }
            catch (ModelBusyException busy)
            {
                busy.Cause.ShouldBe(BusyCause.QueueFull);
            }

            await Task.Yield();
        }

        (await many).Count.ShouldBe(10_000);
        served.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_full_queue_refuses_by_texts()
    {
        using var generator = Generator(new EmbeddingServingOptions { Workers = 1, MaxQueuedTexts = 2 });
        var busy = await BusyAsync(generator);
        var queued = EmbedAsync(generator, "rapor");
        await WaitingAsync(generator, 1);

        var last = EmbedAsync(generator, "maaş");
        await WaitingAsync(generator, 2);
        var refused = await Should.ThrowAsync<ModelBusyException>(
            () => generator.GenerateAsync(["a", "b"], cancellationToken: Cancellation));
        await Should.ThrowAsync<ModelBusyException>(() => EmbedAsync(generator, "avans"));
        _encoder.Open();
        await Task.WhenAll(busy, queued, last);

        refused.Cause.ShouldBe(BusyCause.QueueFull);
        refused.RetryAfter.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        generator.Waiting.ShouldBe(0);
        await EmbedAsync(generator, "avans");
    }

    [Fact]
    public async Task A_full_queue_refuses_by_tokens()
    {
        using var generator = Generator(new EmbeddingServingOptions { Workers = 1, MaxQueuedTokens = 100 });
        var busy = await BusyAsync(generator);
        var tooLongYetAlone = EmbedAsync(generator, Long);
        await WaitingAsync(generator, 1);

        (await Should.ThrowAsync<ModelBusyException>(() => EmbedAsync(generator, "rapor"))).Message.ShouldContain("tokens wait");

        _encoder.Open();
        await Task.WhenAll(busy, tooLongYetAlone);
    }

    [Fact]
    public async Task A_call_of_more_texts_than_may_wait_is_computed_in_parts()
    {
        using var generator = Generator(new EmbeddingServingOptions { MaxQueuedTexts = 4 });

        (await generator.GenerateAsync(Enumerable.Range(0, 50).Select(i => $"dosya {i}"), cancellationToken: Cancellation))
            .Count.ShouldBe(50);
    }

    [Fact]
    public async Task What_its_caller_gave_up_is_not_computed()
    {
        using var generator = Generator();
        using var impatient = new CancellationTokenSource();
        var busy = await BusyAsync(generator);
        var abandoned = generator.GenerateAsync([Long, "rapor"], cancellationToken: impatient.Token);
        await WaitingAsync(generator, 2);
        var wanted = EmbedAsync(generator, "maaş");
        await WaitingAsync(generator, 3);

        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(abandoned);
        generator.Waiting.ShouldBe(1);
        _encoder.Open();
        await Task.WhenAll(busy, wanted);

        _encoder.Runs.Sum(run => run.Length).ShouldBe(2);
        _slot.Status.Leases.ShouldBe(0);
    }

    [Fact]
    public async Task A_run_whose_only_caller_gave_up_is_stopped()
    {
        using var generator = Generator();
        using var impatient = new CancellationTokenSource();
        await _slot.WarmUpAsync(Cancellation);
        _encoder.Close();
        var abandoned = Task.Run(() => generator.GenerateAsync(["izin"], cancellationToken: impatient.Token), Cancellation);
        await Eventually.UntilAsync(() => _encoder.Running == 1, "it runs");

        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(abandoned);

        _encoder.Running.ShouldBe(0);
        _slot.Status.Leases.ShouldBe(0);
    }

    [Fact]
    public async Task A_deadline_that_cannot_be_kept_is_refused_at_once_and_one_that_can_is_served()
    {
        using var generator = Generator();
        _encoder.Before = _ => _time.Advance(TimeSpan.FromMilliseconds(100));
        await generator.GenerateAsync(Enumerable.Range(0, 60).Select(i => $"{Long} {i}"), cancellationToken: Cancellation);
        var busy = await BusyAsync(generator);
        var queued = Enumerable.Range(0, 60).Select(i => EmbedAsync(generator, $"{Long} {i}")).ToArray();
        await WaitingAsync(generator, 60);

        var refused = await Should.ThrowAsync<ModelBusyException>(
            () => EmbedAsync(generator, "maaş", new EmbeddingCallOptions { Timeout = TimeSpan.FromMilliseconds(50) }));
        var served = EmbedAsync(generator, "maaş", new EmbeddingCallOptions { Timeout = TimeSpan.FromMinutes(5) });
        _encoder.Open();
        await Task.WhenAll([busy, served, .. queued]);

        refused.Cause.ShouldBe(BusyCause.DeadlineTooShort);
        refused.Message.ShouldContain("wanted in 50 ms");
    }

    [Fact]
    public async Task A_deadline_that_passes_ends_the_waiting()
    {
        using var generator = Generator();
        var busy = await BusyAsync(generator);
        var late = EmbedAsync(generator, "maaş", new EmbeddingCallOptions { Timeout = TimeSpan.FromSeconds(1) });
        await WaitingAsync(generator, 1);

        _time.Advance(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<ModelBusyException>(late)).Cause.ShouldBe(BusyCause.DeadlinePassed);
        generator.Waiting.ShouldBe(0);
        _encoder.Open();
        await busy;
        _encoder.Runs.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_text_that_gives_no_number_fails_alone()
    {
        using var generator = Generator();
        var spoilt = _encoder.Tokenize("bozuk").Ids;
        _encoder.Before = batch =>
        {
            if (batch.Any(input => input.Ids.SequenceEqual(spoilt)))
                throw new ModelException(ModelFault.WrongOutput, "not a number");
        };
        var busy = await BusyAsync(generator);
        var good = Enumerable.Range(0, 3).Select(i => EmbedAsync(generator, $"rapor {i}")).ToArray();
        var bad = EmbedAsync(generator, "bozuk");
        await WaitingAsync(generator, 4);

        _encoder.Open();
        await Task.WhenAll([busy, .. good]);

        (await Should.ThrowAsync<ModelException>(bad)).Fault.ShouldBe(ModelFault.WrongOutput);
        await EmbedAsync(generator, "izin");
    }

    [Fact]
    public async Task Unloading_waits_for_what_is_queued_and_the_next_call_loads_again()
    {
        using var generator = Generator();
        var busy = await BusyAsync(generator);
        var queued = EmbedAsync(generator, "rapor");
        await WaitingAsync(generator, 1);

        var unloading = _slot.UnloadAsync(cancellationToken: Cancellation);
        unloading.IsCompleted.ShouldBeFalse();
        _encoder.Open();
        await Task.WhenAll(busy, queued);

        (await unloading).ShouldBeTrue();
        _encoder.Disposed.ShouldBeTrue();
    }

    [Fact]
    public async Task Unloading_again_and_again_fails_no_request()
    {
        await using var slot = new ModelSlot<ITextEncoder>(
            "embedding",
            new ModelLoader<ITextEncoder>(
                _ => 1000, _ => SubwordEncoder.LoadBundled(), (_, _) => { }, encoder => encoder.Manifest),
            new ModelSlotOptions(),
            new MemoryBudget(new MemoryBudgetOptions()),
            TimeProvider.System,
            _metrics);
        using var generator = new BatchingEmbeddingGenerator(
            slot, new VectorCache(0), new EmbeddingServingOptions { Workers = 2 }, TimeProvider.System, _metrics);
        using var enough = new CancellationTokenSource();
        var streams = Enumerable.Range(0, 4).Select(stream => Task.Run(
            async () =>
            {
                for (var i = 0; !enough.IsCancellationRequested; i++)
                {
                    var answer = await generator.GenerateAsync([$"dosya {stream} {i}", Long], cancellationToken: Cancellation);
                    answer.Count.ShouldBe(2);
                    await Task.Yield();
                }
            },
            Cancellation)).ToArray();

        for (var unloads = 0; unloads < 10;)
        {
            var unloaded = unloads % 2 == 0
                ? await slot.UnloadAsync(cancellationToken: Cancellation)
                : slot.TryUnloadIdle(TimeSpan.Zero, UnloadReason.Idle) || await slot.UnloadAsync(cancellationToken: Cancellation);
            unloads += unloaded ? 1 : 0;
            await Task.Yield();
        }

        await enough.CancelAsync();
        await Task.WhenAll(streams);
        slot.Status.Loads.ShouldBeGreaterThanOrEqualTo(10);
        slot.Status.LoadFailures.ShouldBe(0);
    }

    [Fact]
    public async Task A_known_text_is_not_computed_again_but_in_another_role()
    {
        var cache = new VectorCache(10);
        using var generator = Generator(cache: cache);

        var first = await generator.GenerateAsync(["izin", Long], cancellationToken: Cancellation);
        var runs = _encoder.Runs.Count;
        var again = await generator.GenerateAsync([Long, "izin"], cancellationToken: Cancellation);
        _encoder.Runs.Count.ShouldBe(runs);
        await EmbedAsync(generator, "izin", new EmbeddingCallOptions { Role = TextRole.Passage });

        _encoder.Runs.Count.ShouldBe(runs + 1);
        again[0].Vector.ToArray().ShouldBe(first[1].Vector.ToArray());
        again.Usage!.InputTokenCount.ShouldBe(first.Usage!.InputTokenCount);
        cache.Status.ShouldBe(new VectorCacheStatus(Entries: 3, Hits: 2, Misses: 3));
    }

    [Fact]
    public async Task What_is_known_is_answered_past_a_full_queue()
    {
        using var generator = Generator(new EmbeddingServingOptions { Workers = 1, MaxQueuedTexts = 1 }, new VectorCache(10));
        await EmbedAsync(generator, "otopark");
        var busy = await BusyAsync(generator);
        var queued = EmbedAsync(generator, "rapor");
        await WaitingAsync(generator, 1);

        await EmbedAsync(generator, "otopark");
        await Should.ThrowAsync<ModelBusyException>(() => EmbedAsync(generator, "avans"));

        _encoder.Open();
        await Task.WhenAll(busy, queued);
    }

    [Fact]
    public async Task What_cannot_be_loaded_says_why_and_leaves_no_claim_on_the_queue()
    {
        await using var slot = new ModelSlot<ITextEncoder>(
            "embedding",
            new ModelLoader<ITextEncoder>(
                _ => 1000, _ => throw new ModelException(ModelFault.Damaged, "model file x is damaged"), (_, _) => { }, _ => null),
            new ModelSlotOptions { FirstRetry = TimeSpan.Zero, LongestRetry = TimeSpan.Zero },
            new MemoryBudget(new MemoryBudgetOptions()),
            _time,
            _metrics);
        using var generator = new BatchingEmbeddingGenerator(
            slot, new VectorCache(0), new EmbeddingServingOptions { MaxQueuedTexts = 1 }, _time, _metrics);

        for (var i = 0; i < 3; i++)
            (await Should.ThrowAsync<ModelUnavailableException>(() => EmbedAsync(generator, "izin"))).Message.ShouldContain("file x");
    }

    [Fact]
    public async Task It_is_measured_without_texts()
    {
        var measured = new Dictionary<string, double>(StringComparer.Ordinal);
        var tags = new HashSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (_metrics.IsOf(instrument.Meter))
                listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, with, _) => Remember(instrument, value, with));
        listener.SetMeasurementEventCallback<double>((instrument, value, with, _) => Remember(instrument, value, with));
        listener.Start();
        using var generator = Generator(new EmbeddingServingOptions { Workers = 1, MaxQueuedTexts = 4 }, new VectorCache(10));
        var busy = await BusyAsync(generator);
        Task[] queued =
        [
            generator.GenerateAsync(["rapor", "maaş"], cancellationToken: Cancellation),
            generator.GenerateAsync(["bordro", "avans"], cancellationToken: Cancellation),
        ];
        await WaitingAsync(generator, 4);
        await Should.ThrowAsync<ModelBusyException>(() => generator.GenerateAsync(["a", "b"], cancellationToken: Cancellation));
        listener.RecordObservableInstruments();
        _encoder.Open();
        await Task.WhenAll([busy, .. queued]);
        await EmbedAsync(generator, "rapor");
        await _slot.UnloadAsync(cancellationToken: Cancellation);

        lock (measured)
        {
            measured["mefapex.model.loads"].ShouldBe(1);
            measured["mefapex.model.unloads"].ShouldBe(1);
            measured["mefapex.model.memory"].ShouldBeGreaterThanOrEqualTo(1000);
            measured["mefapex.embedding.queue.length"].ShouldBe(4);
            measured["mefapex.embedding.batch.size"].ShouldBe(5);
            measured["mefapex.embedding.tokens"].ShouldBe(_encoder.Runs.Sum(run => run.Sum()));
            measured["mefapex.embedding.cache.hits"].ShouldBe(1);
            measured["mefapex.embedding.cache.misses"].ShouldBe(7);
            measured["mefapex.embedding.refused"].ShouldBe(1);
            measured.Keys.ShouldBe(
                [
                    "mefapex.model.load.duration", "mefapex.embedding.queue.duration", "mefapex.embedding.tokenize.duration",
                    "mefapex.embedding.run.duration", "mefapex.embedding.batch.tokens", "mefapex.model.loads", "mefapex.model.unloads",
                    "mefapex.model.memory", "mefapex.embedding.queue.length", "mefapex.embedding.batch.size", "mefapex.embedding.tokens",
                    "mefapex.embedding.cache.hits", "mefapex.embedding.cache.misses", "mefapex.embedding.refused",
                ],
                ignoreOrder: true);
            tags.ShouldBe(
                ["mefapex.model.kind=embedding", "mefapex.model.unload.reason=requested", "error.type=queue_full"], ignoreOrder: true);
        }

        void Remember(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> with)
        {
            lock (measured)
            {
                measured[instrument.Name] = measured.GetValueOrDefault(instrument.Name) + value;
                foreach (var tag in with)
                    tags.Add($"{tag.Key}={tag.Value}");
            }
        }
    }

    [Fact]
    public async Task A_calls_spans_belong_to_its_trace_and_carry_counts_only()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var source = new ActivitySource("Mefapex.Tests.Spans");
        using var listener = new ActivityListener
        {
            ShouldListenTo = heard => heard.Name is ServingMetrics.Name or "Mefapex.Tests.Spans",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var generator = Generator();
        var busy = await BusyAsync(generator);
        using (source.StartActivity("request"))
        {
            var queued = EmbedAsync(generator, Long);
            await WaitingAsync(generator, 1);
            _encoder.Open();
            await Task.WhenAll(busy, queued);
        }

        var trace = spans.Single(span => span.OperationName == "request").TraceId;
        var own = spans.Where(span => span.TraceId == trace && span.OperationName != "request").ToArray();
        own.Select(span => span.OperationName).ShouldBe(["embedding tokenize", "embedding run"]);
        own.SelectMany(span => span.TagObjects).ShouldAllBe(tag => tag.Value is int || tag.Value is long);
    }

    private static Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(
        BatchingEmbeddingGenerator generator, string text, EmbeddingCallOptions? options = null) =>
        Task.Run(() => generator.GenerateAsync([text], options, Cancellation), Cancellation);

    private static Task WaitingAsync(BatchingEmbeddingGenerator generator, int texts) =>
        Eventually.UntilAsync(() => generator.Waiting == texts, $"{texts} texts wait");

    private BatchingEmbeddingGenerator Generator(EmbeddingServingOptions? options = null, VectorCache? cache = null) =>
        new(_slot, cache ?? new VectorCache(0), options ?? new EmbeddingServingOptions { Workers = 1 }, _time, _metrics);

    /// <summary>Closes the gate in front of one run, which keeps a worker busy.</summary>
    private async Task<Task> BusyAsync(BatchingEmbeddingGenerator generator)
    {
        await _slot.WarmUpAsync(Cancellation);
        _encoder.Close();
        var busy = EmbedAsync(generator, "izin");
        await Eventually.UntilAsync(() => _encoder.Running == 1, "a worker is busy");
        return busy;
    }
}
