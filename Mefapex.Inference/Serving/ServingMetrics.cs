using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Mefapex.Inference.Serving;

/// <summary>
/// Metrics and spans of loading and serving models: counts, sizes and times, never text. Times are in seconds.
/// </summary>
public sealed class ServingMetrics : IDisposable
{
    /// <summary>Name of the meter and of the source of spans.</summary>
    public const string Name = "Mefapex.Inference";

    internal const string KindTag = "mefapex.model.kind";

    private static readonly double[] ShortTimes =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly ConcurrentDictionary<ModelSlot, byte> _slots = new();
    private readonly ConcurrentDictionary<IQueueGauge, byte> _queues = new();

    private readonly Counter<long> _loads;
    private readonly Counter<long> _unloads;
    private readonly Histogram<double> _loadTime;
    private readonly Histogram<double> _queueTime;
    private readonly Histogram<double> _tokenizeTime;
    private readonly Histogram<double> _runTime;
    private readonly Histogram<long> _batchSize;
    private readonly Histogram<long> _batchTokens;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _cacheHits;
    private readonly Counter<long> _cacheMisses;
    private readonly Counter<long> _refused;

    /// <summary>Metrics on a meter of the factory, or on one of their own.</summary>
    public ServingMetrics(IMeterFactory? factory = null)
    {
        _ownsMeter = factory is null;
        _meter = factory?.Create(Name) ?? new Meter(Name);
        var times = new InstrumentAdvice<double> { HistogramBucketBoundaries = ShortTimes };
        _loads = _meter.CreateCounter<long>("mefapex.model.loads", "{load}", "Loads of models; error.type where one failed.");
        _unloads = _meter.CreateCounter<long>("mefapex.model.unloads", "{unload}", "Unloads of models by reason.");
        _loadTime = _meter.CreateHistogram<double>(
            "mefapex.model.load.duration", "s", "Time until a model was loaded, checked and warmed up.");
        _queueTime = _meter.CreateHistogram(
            "mefapex.embedding.queue.duration", "s", "Time that texts waited for a worker.", tags: null, times);
        _tokenizeTime = _meter.CreateHistogram(
            "mefapex.embedding.tokenize.duration", "s", "Time to turn the texts of one call into tokens.", tags: null, times);
        _runTime = _meter.CreateHistogram(
            "mefapex.embedding.run.duration", "s", "Time of one run of the model.", tags: null, times);
        _batchSize = _meter.CreateHistogram<long>("mefapex.embedding.batch.size", "{text}", "Texts of one run.");
        _batchTokens = _meter.CreateHistogram<long>(
            "mefapex.embedding.batch.tokens", "{token}", "Tokens of one run, padding included.");
        _tokens = _meter.CreateCounter<long>("mefapex.embedding.tokens", "{token}", "Tokens computed, without padding.");
        _cacheHits = _meter.CreateCounter<long>("mefapex.embedding.cache.hits", "{text}", "Texts whose vector was known.");
        _cacheMisses = _meter.CreateCounter<long>("mefapex.embedding.cache.misses", "{text}", "Texts to be computed.");
        _refused = _meter.CreateCounter<long>("mefapex.embedding.refused", "{request}", "Calls refused, by error.type.");
        _meter.CreateObservableUpDownCounter(
            "mefapex.model.memory", MeasureMemory, "By", "Memory of each loaded model.");
        _meter.CreateObservableUpDownCounter(
            "mefapex.embedding.queue.length", MeasureQueues, "{text}", "Texts that wait for a worker.");
    }

    /// <summary>Where the spans of loading and computing begin.</summary>
    internal static ActivitySource Source { get; } = new(Name);

    /// <summary>Stops measuring, unless the meter is the factory's.</summary>
    public void Dispose()
    {
        if (_ownsMeter)
            _meter.Dispose();
    }

    internal bool IsOf(Meter meter) => meter == _meter;

    internal void Observe(ModelSlot slot) => _slots[slot] = 0;

    internal void Forget(ModelSlot slot) => _slots.TryRemove(slot, out _);

    internal void Observe(IQueueGauge queue) => _queues[queue] = 0;

    internal void Forget(IQueueGauge queue) => _queues.TryRemove(queue, out _);

    internal void Loaded(string kind, TimeSpan took, Exception? failure)
    {
        var tags = new TagList { { KindTag, kind } };
        if (failure is not null)
            tags.Add("error.type", failure.GetType().Name);
        _loads.Add(1, tags);
        _loadTime.Record(took.TotalSeconds, tags);
    }

    internal void Unloaded(string kind, UnloadReason reason) => _unloads.Add(
        1, new TagList { { KindTag, kind }, { "mefapex.model.unload.reason", NameOf(reason) } });

    internal void Queued(TimeSpan waited) => _queueTime.Record(waited.TotalSeconds);

    internal void Tokenized(TimeSpan took) => _tokenizeTime.Record(took.TotalSeconds);

    internal void Ran(TimeSpan took, int texts, long tokens, long paddedTokens)
    {
        _runTime.Record(took.TotalSeconds);
        _batchSize.Record(texts);
        _batchTokens.Record(paddedTokens);
        _tokens.Add(tokens);
    }

    internal void LookedUp(int hits, int misses)
    {
        if (hits > 0)
            _cacheHits.Add(hits);
        if (misses > 0)
            _cacheMisses.Add(misses);
    }

    internal void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("error.type", reason));

    private static string NameOf(UnloadReason reason) => reason switch
    {
        UnloadReason.Idle => "idle",
        UnloadReason.Memory => "memory",
        UnloadReason.Shutdown => "shutdown",
        _ => "requested",
    };

    private IEnumerable<Measurement<long>> MeasureMemory()
    {
        foreach (var slot in _slots.Keys)
        {
            if (slot.Status.Memory is { } memory)
                yield return new Measurement<long>(memory.Bytes, new KeyValuePair<string, object?>(KindTag, slot.Kind));
        }
    }

    private IEnumerable<Measurement<long>> MeasureQueues()
    {
        foreach (var queue in _queues.Keys)
            yield return new Measurement<long>(queue.Waiting, new KeyValuePair<string, object?>(KindTag, queue.Kind));
    }
}

/// <summary>A queue whose length is a metric.</summary>
internal interface IQueueGauge
{
    string Kind { get; }

    /// <summary>Texts that wait for a worker.</summary>
    int Waiting { get; }
}
