using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Microsoft.Extensions.AI;

namespace Mefapex.Inference.Serving;

/// <summary>
/// Vectors from an encoder that many callers share: loaded on first use, kept from being unloaded while it is needed,
/// batched, bounded and cached. Texts are tokenised on the caller's side. Options of type
/// <see cref="EmbeddingCallOptions"/> say who asks and how long the answer is waited for.
/// </summary>
/// <remarks>
/// Calls throw <see cref="ModelUnavailableException"/>, <see cref="ModelBusyException"/>, <see cref="ModelException"/>
/// where the model computes something wrong, and <see cref="ArgumentException"/> where nothing of a text is left.
/// </remarks>
public sealed class BatchingEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>Most texts of one part of a call; parts follow each other.</summary>
    private const int LongestPart = 256;

    private const string ManifestKey = "manifest";

    private const int TextsForParallelTokenizing = 16;

    private readonly ModelSlot<ITextEncoder> _slot;
    private readonly VectorCache _cache;
    private readonly TimeProvider _time;
    private readonly ServingMetrics _metrics;
    private readonly EmbeddingQueue _queue;
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
    private readonly int _textsPerPart;
    private ModelManifest? _lastManifest;

    /// <summary>A generator over a slot, whose only queue it is.</summary>
    public BatchingEmbeddingGenerator(
        ModelSlot<ITextEncoder> slot,
        VectorCache cache,
        EmbeddingServingOptions options,
        TimeProvider time,
        ServingMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(slot);
        ArgumentNullException.ThrowIfNull(options);
        _slot = slot;
        _cache = cache;
        _time = time;
        _metrics = metrics;
        // A call never fills more than half of the queue.
        _textsPerPart = Math.Clamp(options.MaxQueuedTexts / 2, 1, LongestPart);
        _queue = new EmbeddingQueue(slot.Kind, options, time, metrics);
    }

    /// <summary>Texts that wait for a worker.</summary>
    public int Waiting => _queue.Waiting;

    /// <summary>The model that made the vectors of an answer.</summary>
    public static ModelManifest ManifestOf(GeneratedEmbeddings<Embedding<float>> embeddings)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        return embeddings.AdditionalProperties?[ManifestKey] as ModelManifest
            ?? throw new ArgumentException($"The vectors do not come from a {nameof(BatchingEmbeddingGenerator)}.", nameof(embeddings));
    }

    /// <summary>The values of a vector without a copy; they are shared and must not be changed.</summary>
    public static float[] ValuesOf(Embedding<float> embedding)
    {
        ArgumentNullException.ThrowIfNull(embedding);
        return MemoryMarshal.TryGetArray(embedding.Vector, out var values) && values.Count == values.Array!.Length
            ? values.Array
            : embedding.Vector.ToArray();
    }

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        var texts = values as IReadOnlyList<string> ?? [.. values];
        var call = options as EmbeddingCallOptions;
        if (call?.Timeout is not { } timeout)
            return await GenerateAsync(texts, call, deadline: null, cancellationToken);

        using var expiry = new CancellationTokenSource(timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expiry.Token);
        try
        {
            return await GenerateAsync(texts, call, new Deadline(_time.GetTimestamp(), timeout), either.Token);
        }
        catch (OperationCanceledException exception) when (expiry.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            _metrics.Refused("deadline_passed");
            throw new ModelBusyException(
                BusyCause.DeadlinePassed,
                $"The vectors were not ready within {timeout.TotalMilliseconds:F0} ms.",
                TimeSpan.FromSeconds(1),
                exception);
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(EmbeddingGeneratorMetadata))
        {
            var manifest = Volatile.Read(ref _lastManifest);
            return new EmbeddingGeneratorMetadata("mefapex", null, manifest?.Name, manifest?.Dimensions);
        }

        if (serviceType.IsInstanceOfType(_slot))
            return _slot;
        return serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Ends what is measured of the queue; calls under way finish.</summary>
    public void Dispose() => _metrics.Forget(_queue);

    private async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IReadOnlyList<string> texts, EmbeddingCallOptions? call, Deadline? deadline, CancellationToken cancellationToken)
    {
        var vectors = new float[texts.Count][];
        var entered = 0;
        long tokens = 0;
        if (!_slot.TryAcquire(out var lease))
        {
            // Also those who wait for the model to be loaded are bounded in number.
            entered = Math.Min(texts.Count, _textsPerPart);
            _queue.Enter(entered);
        }

        try
        {
            lease ??= await _slot.AcquireAsync(cancellationToken);
            Volatile.Write(ref _lastManifest, lease.Model.Manifest);
            for (var start = 0; start < texts.Count; start += _textsPerPart)
            {
                var part = new Part(lease, texts, start, Math.Min(start + _textsPerPart, texts.Count), call?.Role ?? default, vectors);
                var missing = FindKnown(part, ref tokens);
                if (missing.Count == 0)
                    continue;

                if (entered == 0)
                    Enter(missing.Count, again: start > 0, out entered);
                var inputs = Tokenize(part, missing);
                var job = new EmbeddingJob(lease, inputs, call?.Caller, _time.GetTimestamp(), cancellationToken);
                var claimed = entered;
                entered = 0;
                var computed = await _queue.RunAsync(job, claimed, deadline?.Left(_time));
                tokens += job.Tokens;
                Keep(part, missing, computed, inputs);
            }

            return Answer(lease.Model.Manifest, vectors, tokens);
        }
        finally
        {
            if (entered > 0)
                _queue.Leave(entered);
            lease?.Dispose();
        }
    }

    private void Enter(int texts, bool again, out int entered)
    {
        if (again)
            _queue.EnterAgain(texts);
        else
            _queue.Enter(texts);
        entered = texts;
    }

    private List<(int Index, UInt128 Key)> FindKnown(Part part, ref long tokens)
    {
        var missing = new List<(int, UInt128)>(part.End - part.Start);
        for (var i = part.Start; i < part.End; i++)
        {
            UInt128 key = default;
            if (_cache.Enabled)
            {
                key = VectorCache.KeyOf(part.Lease.Model.Manifest.Sha256, part.Role, part.Texts[i]);
                if (_cache.TryGet(key, out var known, out var length))
                {
                    part.Vectors[i] = known!;
                    tokens += length;
                    continue;
                }
            }

            missing.Add((i, key));
        }

        if (_cache.Enabled)
            _metrics.LookedUp(part.End - part.Start - missing.Count, missing.Count);
        return missing;
    }

    private EncoderInput[] Tokenize(Part part, List<(int Index, UInt128 Key)> missing)
    {
        using var span = ServingMetrics.Source.StartActivity("embedding tokenize");
        span?.SetTag("mefapex.embedding.batch.size", missing.Count);
        var start = _time.GetTimestamp();
        var encoder = part.Lease.Model;
        var inputs = new EncoderInput[missing.Count];
        if (inputs.Length < TextsForParallelTokenizing)
        {
            for (var i = 0; i < inputs.Length; i++)
                inputs[i] = encoder.Tokenize(part.Texts[missing[i].Index], part.Role);
        }
        else
        {
            try
            {
                Parallel.For(0, inputs.Length, _parallel, i => inputs[i] = encoder.Tokenize(part.Texts[missing[i].Index], part.Role));
            }
            catch (AggregateException several)
            {
                ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
            }
        }

        _metrics.Tokenized(_time.GetElapsedTime(start));
        return inputs;
    }

    private void Keep(Part part, List<(int Index, UInt128 Key)> missing, float[][] computed, EncoderInput[] inputs)
    {
        for (var i = 0; i < computed.Length; i++)
        {
            part.Vectors[missing[i].Index] = computed[i];
            if (_cache.Enabled)
                _cache.Add(missing[i].Key, computed[i], inputs[i].Length);
        }
    }

    private static GeneratedEmbeddings<Embedding<float>> Answer(ModelManifest manifest, float[][] vectors, long tokens)
    {
        var answer = new GeneratedEmbeddings<Embedding<float>>(vectors.Length)
        {
            Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens },
            AdditionalProperties = new AdditionalPropertiesDictionary { [ManifestKey] = manifest },
        };
        foreach (var vector in vectors)
            answer.Add(new Embedding<float>(vector) { ModelId = manifest.Name });
        return answer;
    }

    private sealed record Part(
        ModelLease<ITextEncoder> Lease, IReadOnlyList<string> Texts, int Start, int End, TextRole Role, float[][] Vectors);

    private sealed record Deadline(long From, TimeSpan Timeout)
    {
        public TimeSpan Left(TimeProvider time) => Timeout - time.GetElapsedTime(From);
    }
}
