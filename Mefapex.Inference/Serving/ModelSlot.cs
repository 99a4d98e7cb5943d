using System.Diagnostics.CodeAnalysis;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Serving;

/// <summary>The life of one model, whatever its type: loaded on first use, leased, unloaded when idle or asked to.</summary>
public abstract class ModelSlot : IAsyncDisposable
{
    private protected ModelSlot(string kind) => Kind = kind;

    /// <summary>The model's role, such as <c>embedding</c>: its name in health answers, logs and metrics.</summary>
    public string Kind { get; }

    /// <summary>How it stands now.</summary>
    public abstract ModelStatus Status { get; }

    /// <summary>Loads the model unless it is there, and waits until it is ready.</summary>
    /// <exception cref="ModelUnavailableException">It cannot be loaded, or may not be tried again yet.</exception>
    public abstract Task WarmUpAsync(CancellationToken cancellationToken = default);

    /// <summary>Unloads the model after its last lease, also one that is being loaded. Cancelling stops only the waiting.</summary>
    /// <returns>Whether there was one to unload.</returns>
    public abstract Task<bool> UnloadAsync(
        UnloadReason reason = UnloadReason.Requested, CancellationToken cancellationToken = default);

    /// <summary>Unloads the model at once if nobody holds it and nobody used it for this long.</summary>
    /// <returns>Whether it was unloaded.</returns>
    public abstract bool TryUnloadIdle(TimeSpan idle, UnloadReason reason);

    /// <summary>Unloads the model after its last lease and refuses every further one.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>The life of one model. May be used from many threads; those who come while it loads share the one load.</summary>
/// <typeparam name="T">The model; disposed when it is unloaded, if it can be.</typeparam>
public sealed class ModelSlot<T> : ModelSlot
    where T : class
{
    private readonly ModelLoader<T> _loader;
    private readonly ModelSlotOptions _options;
    private readonly MemoryBudget _budget;
    private readonly TimeProvider _time;
    private readonly ServingMetrics _metrics;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly ITimer? _idleTimer;

    private ModelState _state;
    private T? _model;
    private int _leases;
    private Task _loading = Task.CompletedTask;
    private TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private UnloadReason _unloadReason;
    private bool _disposed;

    private Exception? _failure;
    private int _failuresInARow;
    private DateTimeOffset _retryAt;
    private long _loads;
    private long _unloads;
    private long _loadFailures;
    private DateTimeOffset _loadedAt;
    private TimeSpan _loadTook;
    private long _lastUse;
    private ModelMemory? _memory;

    /// <summary>A slot whose model is not loaded yet.</summary>
    public ModelSlot(
        string kind,
        ModelLoader<T> loader,
        ModelSlotOptions options,
        MemoryBudget budget,
        TimeProvider time,
        ServingMetrics metrics)
        : base(kind)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(metrics);
        _loader = loader;
        _options = options;
        _budget = budget;
        _time = time;
        _metrics = metrics;
        metrics.Observe(this);
        if (options.IdleUnload > TimeSpan.Zero)
            _idleTimer = time.CreateTimer(_ => UnloadWhenIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public override ModelStatus Status
    {
        get
        {
            lock (_gate)
            {
                var loaded = _state is ModelState.Ready or ModelState.Draining;
                var failed = _state == ModelState.Failed;
                return new ModelStatus(
                    _state,
                    failed ? _failure : null,
                    failed ? _retryAt : null,
                    _leases,
                    _loads,
                    _unloads,
                    _loadFailures,
                    loaded ? _loadedAt : null,
                    loaded ? _loadTook : null,
                    loaded ? _time.GetUtcNow() - _time.GetElapsedTime(_lastUse) : null,
                    loaded ? _memory : null,
                    loaded ? _loader.ManifestOf(_model!) : null);
            }
        }
    }

    /// <summary>A lease of the model if it is ready at this moment.</summary>
    public bool TryAcquire([NotNullWhen(true)] out ModelLease<T>? lease)
    {
        lock (_gate)
        {
            lease = _state == ModelState.Ready && !_disposed ? TakeLease() : null;
            return lease is not null;
        }
    }

    /// <summary>A lease of the model, once it is loaded. Cancelling stops the waiting, not the load that others share.</summary>
    /// <exception cref="ModelUnavailableException">It cannot be loaded, or may not be tried again yet.</exception>
    public async ValueTask<ModelLease<T>> AcquireAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task next;
            ModelState? startsFrom = null;
            lock (_gate)
            {
                ThrowIfUnusable();
                switch (_state)
                {
                    case ModelState.Ready:
                        return TakeLease();
                    case ModelState.Draining:
                        next = _drained.Task;
                        break;
                    case ModelState.Loading or ModelState.WarmingUp:
                        next = _loading;
                        break;
                    default:
                        startsFrom = _state;
                        next = StartLoading();
                        break;
                }
            }

            if (startsFrom is { } from)
                _options.Changed?.Invoke(new ModelChange(Kind, from, ModelState.Loading));
            await next.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public override async Task WarmUpAsync(CancellationToken cancellationToken = default)
    {
        using var lease = await AcquireAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<bool> UnloadAsync(
        UnloadReason reason = UnloadReason.Requested, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task? loading = null;
            T? model = null;
            var begins = false;
            Task drained;
            lock (_gate)
            {
                switch (_state)
                {
                    case ModelState.Loading or ModelState.WarmingUp:
                        loading = _loading;
                        break;
                    case ModelState.Ready:
                        model = BeginDraining(reason);
                        begins = true;
                        break;
                    case ModelState.Draining:
                        break;
                    default:
                        return false;
                }

                drained = _drained.Task;
            }

            if (loading is not null)
            {
                await loading.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            if (begins)
                _options.Changed?.Invoke(new ModelChange(Kind, ModelState.Ready, ModelState.Draining, Unload: reason));
            if (model is not null)
                FinishUnload(model);
            await drained.WaitAsync(cancellationToken);
            return true;
        }
    }

    /// <inheritdoc/>
    public override bool TryUnloadIdle(TimeSpan idle, UnloadReason reason)
    {
        T? model;
        lock (_gate)
        {
            if (_state != ModelState.Ready || _leases > 0 || _time.GetElapsedTime(_lastUse) < idle)
                return false;
            model = BeginDraining(reason);
        }

        _options.Changed?.Invoke(new ModelChange(Kind, ModelState.Ready, ModelState.Draining, Unload: reason));
        FinishUnload(model!);
        return true;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        await _stopping.CancelAsync();
        await UnloadAsync(UnloadReason.Shutdown, CancellationToken.None);
        if (_idleTimer is not null)
            await _idleTimer.DisposeAsync();
        _metrics.Forget(this);
        _stopping.Dispose();
    }

    internal ModelLease<T> Share(T model)
    {
        lock (_gate)
        {
            _leases++;
            return new ModelLease<T>(this, model);
        }
    }

    internal void Release()
    {
        T? model = null;
        lock (_gate)
        {
            _lastUse = _time.GetTimestamp();
            if (--_leases == 0 && _state == ModelState.Draining)
                model = _model;
        }

        if (model is not null)
            FinishUnload(model);
    }

    private static bool MayMove(ModelState from, ModelState to) => (from, to) switch
    {
        (ModelState.Unloaded or ModelState.Failed, ModelState.Loading) => true,
        (ModelState.Loading, ModelState.WarmingUp) => true,
        (ModelState.WarmingUp, ModelState.Ready) => true,
        (ModelState.Loading or ModelState.WarmingUp, ModelState.Failed or ModelState.Unloaded) => true,
        (ModelState.Ready, ModelState.Draining) => true,
        (ModelState.Draining, ModelState.Unloaded) => true,
        _ => false,
    };

    private ModelState Move(ModelState to)
    {
        var from = _state;
        if (!MayMove(from, to))
            throw new InvalidOperationException($"the {Kind} model cannot go from {from} to {to}.");
        _state = to;
        return from;
    }

    private ModelLease<T> TakeLease()
    {
        _leases++;
        _lastUse = _time.GetTimestamp();
        return new ModelLease<T>(this, _model!);
    }

    private void ThrowIfUnusable()
    {
        if (_options.Disabled)
        {
            throw new ModelUnavailableException(
                Kind, ModelUnavailability.Disabled, "Models are switched off (DISABLE_AI_MODELS or Models:Disabled).");
        }

        if (_disposed)
        {
            throw new ModelUnavailableException(
                Kind, ModelUnavailability.ShuttingDown, $"The {Kind} model is not used any more: the service is stopping.");
        }

        if (_state == ModelState.Failed && _time.GetUtcNow() is var now && now < _retryAt)
            throw Unavailable(_failure!, _retryAt - now);
    }

    private ModelUnavailableException Unavailable(Exception failure, TimeSpan retryAfter) => failure is ModelUnavailableException told
        ? told
        : new ModelUnavailableException(
            Kind,
            ModelUnavailability.Failed,
            failure is ModelException
                ? $"The {Kind} model cannot be used: {failure.Message}"
                : $"The {Kind} model could not be loaded: {failure.Message}",
            retryAfter,
            failure);

    private Task StartLoading()
    {
        Move(ModelState.Loading);
        _loading = Task.Run(Load, CancellationToken.None);
        _ = _loading.ContinueWith(
            static failed => _ = failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return _loading;
    }

    private void Load()
    {
        var start = _time.GetTimestamp();
        using var span = ServingMetrics.Source.StartActivity("model load");
        span?.SetTag(ServingMetrics.KindTag, Kind);
        T? model = null;
        TimeSpan took;
        try
        {
            var bytes = _loader.Find(_stopping.Token);
            using var reservation = _budget.Reserve(Kind, bytes);
            var before = _budget.Resident;
            model = _loader.Load(_stopping.Token);
            Step(ModelState.WarmingUp);
            _loader.WarmUp(model, _stopping.Token);
            took = BecomeReady(model, start, MemoryOf(_budget.Resident - before, bytes));
        }
        catch (Exception exception)
        {
            (model as IDisposable)?.Dispose();
            span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error);
            throw Fail(exception, start);
        }

        _idleTimer?.Change(_options.IdleUnload, Timeout.InfiniteTimeSpan);
        _metrics.Loaded(Kind, took, null);
        _options.Changed?.Invoke(new ModelChange(Kind, ModelState.WarmingUp, ModelState.Ready, Took: took));
    }

    private static ModelMemory MemoryOf(long grown, long fileBytes) => grown > fileBytes
        ? new ModelMemory(grown, MemorySource.Resident)
        : new ModelMemory(fileBytes, MemorySource.FileSize);

    private void Step(ModelState to)
    {
        ModelState from;
        lock (_gate)
            from = Move(to);
        _options.Changed?.Invoke(new ModelChange(Kind, from, to));
    }

    private TimeSpan BecomeReady(T model, long start, ModelMemory memory)
    {
        var took = _time.GetElapsedTime(start);
        lock (_gate)
        {
            Move(ModelState.Ready);
            _model = model;
            _memory = memory;
            _failure = null;
            _failuresInARow = 0;
            _loads++;
            _loadedAt = _time.GetUtcNow();
            _loadTook = took;
            _lastUse = _time.GetTimestamp();
        }

        return took;
    }

    private ModelUnavailableException Fail(Exception exception, long start)
    {
        var took = _time.GetElapsedTime(start);
        var stopped = _disposed && exception is OperationCanceledException;
        ModelState from;
        TimeSpan delay;
        lock (_gate)
        {
            from = Move(stopped ? ModelState.Unloaded : ModelState.Failed);
            _failure = exception;
            _loadFailures++;
            delay = _options.FirstRetry * Math.Pow(2, Math.Min(_failuresInARow++, 20));
            delay = delay < _options.LongestRetry ? delay : _options.LongestRetry;
            _retryAt = _time.GetUtcNow() + delay;
        }

        _metrics.Loaded(Kind, took, exception);
        _options.Changed?.Invoke(new ModelChange(Kind, from, stopped ? ModelState.Unloaded : ModelState.Failed, Took: took, Failure: exception));
        return Unavailable(exception, delay);
    }

    private T? BeginDraining(UnloadReason reason)
    {
        Move(ModelState.Draining);
        _unloadReason = reason;
        _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _leases == 0 ? _model : null;
    }

    private void FinishUnload(T model)
    {
        UnloadReason reason;
        try
        {
            (model as IDisposable)?.Dispose();
        }
        finally
        {
            TaskCompletionSource drained;
            lock (_gate)
            {
                Move(ModelState.Unloaded);
                _model = null;
                _memory = null;
                _unloads++;
                reason = _unloadReason;
                drained = _drained;
            }

            drained.SetResult();
        }

        _metrics.Unloaded(Kind, reason);
        _options.Changed?.Invoke(new ModelChange(Kind, ModelState.Draining, ModelState.Unloaded, Unload: reason));
    }

    private void UnloadWhenIdle()
    {
        TimeSpan left;
        lock (_gate)
        {
            if (_state != ModelState.Ready || _disposed)
                return;
            left = _options.IdleUnload - _time.GetElapsedTime(_lastUse);
            if (_leases > 0 && left <= TimeSpan.Zero)
                left = _options.IdleUnload;
        }

        if (left > TimeSpan.Zero || !TryUnloadIdle(_options.IdleUnload, UnloadReason.Idle))
            _idleTimer!.Change(left > TimeSpan.Zero ? left : _options.IdleUnload, Timeout.InfiniteTimeSpan);
    }
}
