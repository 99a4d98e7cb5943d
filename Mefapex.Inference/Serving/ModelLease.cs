namespace Mefapex.Inference.Serving;

/// <summary>A model in use: it is not unloaded before every lease is given back.</summary>
public sealed class ModelLease<T> : IDisposable
    where T : class
{
    private ModelSlot<T>? _slot;

    internal ModelLease(ModelSlot<T> slot, T model)
    {
        _slot = slot;
        Model = model;
    }

    /// <summary>The model; not to be used after the lease is given back.</summary>
    public T Model { get; }

    /// <summary>Gives it back; a second time does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _slot, null)?.Release();

    /// <summary>A second lease of the same model, also while it waits to be unloaded; this one must still be held.</summary>
    internal ModelLease<T> Share() =>
        (_slot ?? throw new ObjectDisposedException(nameof(ModelLease<>))).Share(Model);
}
