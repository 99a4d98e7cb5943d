using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;

namespace Mefapex.Tests.Inference.Serving;

/// <summary>The bundled encoder behind a gate: while it is closed, runs wait. It remembers what it ran.</summary>
internal sealed class GatedEncoder(ITextEncoder inner) : ITextEncoder
{
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private readonly Lock _gate = new();
    private readonly List<int[]> _runs = [];
    private int _running;

    public ModelManifest Manifest => inner.Manifest;

    public int Dimensions => inner.Dimensions;

    public int MaxTokens => inner.MaxTokens;

    public bool Disposed { get; private set; }

    /// <summary>Done inside of each run, before the inner one.</summary>
    public Action<IReadOnlyList<EncoderInput>>? Before { get; set; }

    /// <summary>Runs that wait at the gate or compute.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>The lengths of the texts of each run so far.</summary>
    public IReadOnlyList<int[]> Runs
    {
        get
        {
            lock (_gate)
                return [.. _runs];
        }
    }

    public static GatedEncoder OfBundled() => new(SubwordEncoder.LoadBundled());

    /// <summary>A loader that gives this encoder.</summary>
    public ModelLoader<ITextEncoder> Loader() => new(_ => 1000, _ => this, (_, _) => { }, _ => Manifest);

    public void Close() => _open.Reset();

    public void Open() => _open.Set();

    public EncoderInput Tokenize(string text, TextRole role = TextRole.Query) => inner.Tokenize(text, role);

    public float[][] Run(IReadOnlyList<EncoderInput> batch, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Disposed, this);
        Interlocked.Increment(ref _running);
        try
        {
            _open.Wait(cancellationToken);
            lock (_gate)
                _runs.Add([.. batch.Select(input => input.Length)]);
            Before?.Invoke(batch);
            return inner.Run(batch, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public void Dispose()
    {
        Disposed = true;
        inner.Dispose();
    }
}
