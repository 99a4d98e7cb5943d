using System.Diagnostics;
using System.Runtime.InteropServices;
using Mefapex.Inference.Embedding;

namespace Mefapex.Inference.Serving;

/// <summary>
/// The bounded queue of one encoder. Callers take turns text by text; workers, which exist only while there is work,
/// take what waits up to a number of tokens and run texts of like length together. A call that finds a free worker and
/// nothing waiting is computed where it stands.
/// </summary>
internal sealed class EmbeddingQueue : IQueueGauge
{
    /// <summary>Fewer waiting tokens than this are not spread over two workers, and no call of more texts than one is
    /// computed on its caller's thread with more.</summary>
    private const int LeastShare = 512;

    /// <summary>What was measured before weighs less with each run.</summary>
    private const double Decay = 0.95;

    /// <summary>Tokens to be measured before a speed is believed: the first runs of a process are slow.</summary>
    private const double LeastMeasured = 1000;

    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(60);

    private readonly EmbeddingServingOptions _options;
    private readonly TimeProvider _time;
    private readonly ServingMetrics _metrics;
    private readonly int _workers;

    private readonly object _gate = new();
    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private readonly Queue<Lane> _turns = new();
    private int _arrivingCalls;
    private int _arrivingTexts;
    private int _waitingTexts;
    private long _waitingTokens;
    private long _runningTokens;
    private int _busy;
    private int _starting;
    private double _measuredTokens;
    private double _measuredSeconds;

    public EmbeddingQueue(string kind, EmbeddingServingOptions options, TimeProvider time, ServingMetrics metrics)
    {
        Kind = kind;
        _options = options;
        _time = time;
        _metrics = metrics;
        _workers = options.Workers > 0 ? options.Workers : Environment.ProcessorCount;
        metrics.Observe(this);
    }

    public string Kind { get; }

    public int Waiting
    {
        get
        {
            lock (_gate)
                return _waitingTexts;
        }
    }

    /// <summary>Claims room for texts before anything is done for them; <see cref="Leave"/> or <see cref="RunAsync"/>
    /// gives it back.</summary>
    /// <exception cref="ModelBusyException">There is none.</exception>
    public void Enter(int texts)
    {
        lock (_gate)
        {
            var before = _waitingTexts + _arrivingTexts;
            if (before > 0 && before + texts > _options.MaxQueuedTexts)
                throw Full($"{before} texts wait and at most {_options.MaxQueuedTexts} may");
            Arrive(texts);
        }
    }

    /// <summary>The same for what follows of a call that was let in: it is never refused half-way.</summary>
    public void EnterAgain(int texts)
    {
        lock (_gate)
            Arrive(texts);
    }

    /// <summary>Gives back the room of texts that will not be computed.</summary>
    public void Leave(int texts)
    {
        lock (_gate)
            Depart(texts);
    }

    /// <summary>Computes a job, at once or in its turn.</summary>
    /// <param name="entered">Texts that room was claimed for.</param>
    /// <param name="left">Time until the caller's deadline, if it has one.</param>
    /// <exception cref="ModelBusyException">Too many tokens wait, or its turn would come after the deadline.</exception>
    public Task<float[][]> RunAsync(EmbeddingJob job, int entered, TimeSpan? left)
    {
        bool here;
        lock (_gate)
        {
            Depart(entered);
            if (job.CancellationToken.IsCancellationRequested)
                return Task.FromCanceled<float[][]>(job.CancellationToken);
            if (_waitingTokens > 0 && _waitingTokens + job.Tokens > _options.MaxQueuedTokens)
                throw Full($"{_waitingTokens} tokens wait and at most {_options.MaxQueuedTokens} may");
            if (left is { } time)
                RefuseIfLate(job, time);
            here = _waitingTexts == 0 && _busy < _workers && (job.Inputs.Length == 1 || job.Tokens <= LeastShare);
            if (here)
            {
                _busy++;
                _runningTokens += job.Tokens;
            }
            else
            {
                Enqueue(job);
                StartWorkers();
            }
        }

        if (here)
            RunHere(job);
        else if (job.CancellationToken.CanBeCanceled)
            _ = WatchAsync(job);
        return job.Result;
    }

    /// <summary>Of one worker, lately; null while too little is known.</summary>
    private double? TokensPerSecond =>
        _measuredTokens >= LeastMeasured && _measuredSeconds > 0 ? _measuredTokens / _measuredSeconds : null;

    private void Arrive(int texts)
    {
        _arrivingCalls++;
        _arrivingTexts += texts;
    }

    private void Depart(int texts)
    {
        _arrivingCalls--;
        _arrivingTexts -= texts;
        Monitor.PulseAll(_gate);
    }

    private ModelBusyException Full(string what)
    {
        _metrics.Refused("queue_full");
        return new ModelBusyException(
            BusyCause.QueueFull, $"The queue of the {Kind} model is full: {what}.", RetryAfter());
    }

    private TimeSpan RetryAfter()
    {
        var seconds = TokensPerSecond is { } speed ? Math.Ceiling((_waitingTokens + _runningTokens) / (speed * _workers)) : 1;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 1, LongestRetryAfter.TotalSeconds));
    }

    /// <summary>Refuses a job whose turn, by the speed so far, comes too late: while it takes its turns, each other
    /// caller takes as many.</summary>
    private void RefuseIfLate(EmbeddingJob job, TimeSpan left)
    {
        if (TokensPerSecond is not { } speed || (_waitingTexts == 0 && _busy < _workers))
            return;

        var own = job.Caller is not null && _lanes.TryGetValue(job.Caller, out var lane) ? lane.Texts.Count : 0;
        var turns = job.Inputs.Length + own;
        var textsAhead = _turns.Sum(other => Math.Min(other.Texts.Count, turns));
        var tokensAhead = _waitingTexts > 0 ? (double)_waitingTokens / _waitingTexts * textsAhead : 0;
        var needed = TimeSpan.FromSeconds(
            ((tokensAhead + _runningTokens) / _workers + job.Tokens) / speed);
        if (needed <= left)
            return;

        _metrics.Refused("deadline_too_short");
        throw new ModelBusyException(
            BusyCause.DeadlineTooShort,
            $"The vectors would take about {needed.TotalMilliseconds:F0} ms and are wanted in {left.TotalMilliseconds:F0} ms.",
            RetryAfter());
    }

    private void Enqueue(EmbeddingJob job)
    {
        var lane = job.Caller is null ? new Lane(null) : LaneOf(job.Caller);
        if (lane.Texts.Count == 0)
            _turns.Enqueue(lane);
        for (var i = 0; i < job.Inputs.Length; i++)
            lane.Texts.Enqueue(new QueuedText(job, i));
        job.WaitingTexts = job.Inputs.Length;
        job.WaitingTokens = job.Tokens;
        _waitingTexts += job.WaitingTexts;
        _waitingTokens += job.WaitingTokens;
    }

    private Lane LaneOf(string caller)
    {
        ref var lane = ref CollectionsMarshal.GetValueRefOrAddDefault(_lanes, caller, out _);
        return lane ??= new Lane(caller);
    }

    private void StartWorkers()
    {
        var wanted = (_waitingTokens + LeastShare - 1) / LeastShare;
        while (_waitingTexts > 0 && _busy < _workers && _starting < wanted)
        {
            _busy++;
            _starting++;
            ThreadPool.UnsafeQueueUserWorkItem(static queue => queue.Work(), this, preferLocal: false);
        }
    }

    private void Work()
    {
        var starting = true;
        while (true)
        {
            List<QueuedText> batch;
            ModelLease<ITextEncoder> lease;
            lock (_gate)
            {
                if (starting)
                    _starting--;
                starting = false;
                WaitForArrivals();
                batch = Take();
                if (batch.Count == 0)
                {
                    _busy--;
                    return;
                }

                lease = batch[0].Job.Lease.Share();
            }

            using (lease)
                RunBatch(lease.Model, batch);
        }
    }

    private int Share()
    {
        var sharing = 1 + _starting + (_workers - _busy);
        return (int)Math.Clamp((_waitingTokens + sharing - 1) / sharing, LeastShare, Math.Max(LeastShare, _options.TokensPerRun));
    }

    private void WaitForArrivals()
    {
        if (_waitingTexts > 0 && _arrivingCalls > 0 && _waitingTokens < Share() && _options.MaxWait > TimeSpan.Zero)
            Monitor.Wait(_gate, _options.MaxWait);
    }

    private List<QueuedText> Take()
    {
        var share = Share();
        var batch = new List<QueuedText>();
        long tokens = 0;
        while (tokens < share && _turns.TryPeek(out var lane))
        {
            var text = lane.Texts.Peek();
            var length = text.Input.Length;
            if (!text.Job.Done && batch.Count > 0 && tokens + length > share)
                break;

            _turns.Dequeue();
            lane.Texts.Dequeue();
            if (lane.Texts.Count > 0)
                _turns.Enqueue(lane);
            else if (lane.Caller is not null)
                _lanes.Remove(lane.Caller);
            if (text.Job.Done)
                continue;

            text.Job.WaitingTexts--;
            text.Job.WaitingTokens -= length;
            _waitingTexts--;
            _waitingTokens -= length;
            _runningTokens += length;
            tokens += length;
            batch.Add(text);
        }

        return batch;
    }

    private void RunBatch(ITextEncoder encoder, List<QueuedText> batch)
    {
        var now = _time.GetTimestamp();
        foreach (var text in batch)
            _metrics.Queued(_time.GetElapsedTime(text.Job.QueuedAt, now));
        batch.Sort(static (a, b) => a.Input.Length.CompareTo(b.Input.Length));
        var lengths = new int[batch.Count];
        for (var i = 0; i < lengths.Length; i++)
            lengths[i] = batch[i].Input.Length;

        var start = 0;
        foreach (var end in BatchPlan.Cut(lengths, _options.TokensPerRun))
        {
            long tokens = 0;
            for (var i = start; i < end; i++)
                tokens += lengths[i];
            var wanted = batch.GetRange(start, end - start);
            wanted.RemoveAll(static text => text.Job.Done);
            if (wanted.Count > 0)
                Run(encoder, wanted);
            lock (_gate)
                _runningTokens -= tokens;
            start = end;
        }
    }

    private void Run(ITextEncoder encoder, List<QueuedText> texts)
    {
        var first = texts[0].Job;
        var alone = texts.TrueForAll(text => text.Job == first);
        try
        {
            var vectors = Compute(
                encoder, texts, first.Parent, alone ? first.CancellationToken : CancellationToken.None);
            for (var i = 0; i < vectors.Length; i++)
            {
                if (texts[i].Job.Set(texts[i].Index, vectors[i]))
                    Finish(texts[i].Job, static job => job.Complete());
            }
        }
        catch (Exception) when (!alone)
        {
            // One text that cannot be computed must not fail those that happened to travel with it.
            foreach (var ofJob in texts.GroupBy(text => text.Job))
                Run(encoder, [.. ofJob]);
        }
        catch (OperationCanceledException) when (first.CancellationToken.IsCancellationRequested)
        {
            Finish(first, static job => job.Cancel());
        }
        catch (Exception exception)
        {
            Finish(first, job => job.Fail(exception));
        }
    }

    private float[][] Compute(
        ITextEncoder encoder, List<QueuedText> texts, ActivityContext parent, CancellationToken cancellationToken)
    {
        var inputs = new EncoderInput[texts.Count];
        long tokens = 0;
        var longest = 0;
        for (var i = 0; i < inputs.Length; i++)
        {
            inputs[i] = texts[i].Input;
            tokens += inputs[i].Length;
            longest = Math.Max(longest, inputs[i].Length);
        }

        using var span = ServingMetrics.Source.StartActivity(
            "embedding run", ActivityKind.Internal, parent);
        span?.SetTag("mefapex.embedding.batch.size", inputs.Length);
        span?.SetTag("mefapex.embedding.batch.tokens", tokens);
        var start = _time.GetTimestamp();
        var vectors = encoder.Run(inputs, cancellationToken);
        var took = _time.GetElapsedTime(start);
        _metrics.Ran(took, inputs.Length, tokens, (long)longest * inputs.Length);
        lock (_gate)
        {
            _measuredTokens = _measuredTokens * Decay + tokens;
            _measuredSeconds = _measuredSeconds * Decay + took.TotalSeconds;
        }

        return vectors;
    }

    private void RunHere(EmbeddingJob job)
    {
        try
        {
            var batch = new List<QueuedText>(job.Inputs.Length);
            for (var i = 0; i < job.Inputs.Length; i++)
                batch.Add(new QueuedText(job, i));
            RunBatch(job.Lease.Model, batch);
        }
        finally
        {
            lock (_gate)
            {
                _busy--;
                StartWorkers();
            }
        }
    }

    private async Task WatchAsync(EmbeddingJob job)
    {
        await using var registration = job.CancellationToken.UnsafeRegister(
            static (state, _) =>
            {
                var (queue, abandoned) = ((EmbeddingQueue, EmbeddingJob))state!;
                queue.Finish(abandoned, static job => job.Cancel());
            },
            (this, job));
        await ((Task)job.Result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Finish(EmbeddingJob job, Action<EmbeddingJob> settle)
    {
        lock (_gate)
        {
            if (job.Done)
                return;
            job.Done = true;
            _waitingTexts -= job.WaitingTexts;
            _waitingTokens -= job.WaitingTokens;
        }

        settle(job);
    }

    private sealed class Lane(string? caller)
    {
        public string? Caller { get; } = caller;

        public Queue<QueuedText> Texts { get; } = new();
    }
}
